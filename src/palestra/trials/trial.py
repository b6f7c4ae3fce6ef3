"""A Trial: one training to be done and measured, as a value; and what came of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from palestra.engine import seeding
from palestra.engine.signals import StopRequest
from palestra.engine.training import Rounds, at_once
from palestra.envs import arguments
from palestra.errors import UsageError
from palestra.measure import cut_in
from palestra.recipes.recipe import Claim, Recipe
from palestra.runs.lock import is_locked
from palestra.runs.store import Run, open_all, run_ids
from palestra.trials.chapters import MEASURED
from palestra.trials.measuring import judge
from palestra.trials.plan import Plan, resolve
from palestra.trials.sweep.halving import Halving
from palestra.trials.train import following, resuming

SCORED = "scored"
"""Key of a manifest: the last checkpoint on the validation split, by which a sweep chooses."""


@dataclass(frozen=True)
class Trial:
    """One training: of which recipe, with which overrides, from which seed, for how long. Its JSON says all of it."""

    recipe: Recipe
    """Where it begins; whole, so that one which is registered nowhere can be sent too."""
    seed: int = 0
    """Every random number derives from it."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings over the recipe's, by name (see ``Plan``)."""
    budget: int | None = None
    """Where to stop, if not where the recipe does."""
    number: int | None = None
    """Which one it is of a sweep, if of any. Something is chosen by its value then, which is never of a test split."""
    halving: Halving | None = None
    """What may end it early, as one of a sweep."""

    def plan(self) -> Plan:
        """What it comes to."""
        budget = {} if self.budget is None else {"training.budget": self.budget}
        return resolve(self.recipe, {**self.overrides, **budget, "training.seed": self.seed})

    @property
    def name(self) -> str:
        """What it is called on a display."""
        return f"{self.recipe.id}{'' if self.number is None else f' trial {self.number}'} seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(arguments.to_json(asdict(self))))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The trial that ``to_json`` gave."""
        values = arguments.from_json(values)
        recipe, halving = values["recipe"], values.get("halving")
        claim = recipe["claim"] and Claim(**recipe["claim"])
        whole = Recipe(**{**recipe, "claim": claim})
        return cls(**{**values, "recipe": whole, "halving": halving and Halving(**halving)})


@dataclass(frozen=True)
class Result:
    """What came of a trial: trained and measured, or why not."""

    seed: int
    """Which."""
    value: float | None = None
    """The claim's metric (the learner's headline without a claim) of the best checkpoint; None if it failed."""
    steps: int = 0
    """The clock at the end."""
    seconds: float = 0.0
    """Of training, beside whatever else the machine did."""
    run: str | None = None
    """Folder of the run."""
    exact: bool = True
    """Whether every resume was bit for bit."""
    reused: bool = False
    """Whether it was there already."""
    commit: str | None = None
    """Of the source, where it is known."""
    error: str | None = None
    """Why there is no value."""
    cut: int = 0
    """Episodes that were cut in the measuring."""
    pruned: int | None = None
    """The clock at which successive halving ended it; its value is of its best evaluation then."""


def measure_of(recipe: Recipe) -> tuple[str, int]:
    """The metric that a recipe is measured by, and over how many episodes or rows (0 for all)."""
    if recipe.claim is not None:
        return recipe.claim.metric, recipe.claim.count
    plan = resolve(recipe)
    return plan.headline, plan.source.final().count


def spoken_measure(metric: str, count: int, learned_from: str) -> str:
    """How a best checkpoint was measured, in words; ``learned_from`` is a ``world`` or a ``dataset``."""
    if learned_from == "dataset":
        return f"{metric} over {count or 'all'} rows, of the last checkpoint on data held back"
    return f"{metric} over {count} episodes, of the best checkpoint in the reference environment"


def runs_of(folder: Path, plan: Plan) -> list[Run]:
    """The runs of a plan, whatever they claimed, the oldest first."""
    wanted = {**plan.to_json(), "claim": None}
    return [run for run in open_all(folder, _of_seed(folder, plan)) if {**run.config, "claim": None} == wanted]


def find_run(folder: Path, plan: Plan) -> Run | None:
    """The run of a plan: a finished one if there is any, else the farthest.

    Raises UsageError if another process is training it.
    """
    same = runs_of(folder, plan)
    done = [run for run in same if run.status == "finished"]
    if not done and any(is_locked(run.path) for run in same):
        raise UsageError(
            f"seed {plan.training.seed} is being trained in {folder} by another process; wait for it, or stop it"
        )
    return max(done or same, key=lambda run: (run.manifest["steps"], run.id), default=None)


def finished_result(trial: Trial, run: Run) -> Result | None:
    """What a run's manifest says of a trial; None if it is not finished, or was measured otherwise."""
    manifest = run.manifest
    if run.status != "finished":
        return None
    facts: dict[str, Any] = {
        "seed": manifest["seed"],
        "steps": manifest["steps"],
        "seconds": manifest["seconds"],
        "run": str(run.path),
        "exact": manifest["exact"],
        "commit": manifest.get("git_commit"),
    }
    pruned = trial.halving.ended_at(trial.seed) if trial.halving else None
    if pruned is not None:
        headline = manifest["headline"]
        return Result(**facts, value=headline and headline["value"], pruned=pruned)
    wanted = measure_of(trial.recipe)
    for key in (SCORED,) if _scored(trial) else ("claim", MEASURED):
        measured = manifest.get(key)
        if measured and (measured["metric"], measured["count"]) == wanted:
            return Result(**facts, value=measured["value"], cut=measured.get("cut", 0))
    return None


def already(trial: Trial, folder: Path) -> Result | None:
    """What came of a trial that was finished in this folder before; None if it was not."""
    run = find_run(folder, trial.plan())
    result = None if run is None else finished_result(trial, run)
    return None if result is None else replace(result, reused=True)


def attempt(trial: Trial, folder: Path) -> Result:
    """Train a trial, or go on with it, and measure it. Raises Interrupted once it is saved after a signal."""
    return at_once(attempting(trial, folder))


def attempting(trial: Trial, folder: Path, stop: StopRequest | None = None, rounding: str = "") -> Rounds[Result]:
    """``attempt`` with halts, so that several trials can go on together; the rest as of ``following``."""
    plan = trial.plan()
    watching = [] if trial.halving is None else [trial.halving.watching(trial.seed)]
    run = find_run(folder, plan)
    if run is None:
        path = Path((yield from following(plan, out=folder, callbacks=watching, stop=stop, rounding=rounding)).path)
    else:
        path = run.path
        if run.status != "finished":
            yield from resuming(path, callbacks=watching, stop=stop, rounding=rounding)
    result = finished_result(trial, Run.open(path, folder))
    if result is None:
        _measure(trial, path)
        result = finished_result(trial, Run.open(path, folder))
    assert result is not None
    return result


def _measure(trial: Trial, path: Path) -> None:
    """Measure what a run came to, and note it there."""
    metric, count = measure_of(trial.recipe)
    claim, seed = trial.recipe.claim, seeding.derive(trial.seed, "claim")
    how: dict[str, Any] = {"which": "last"} if trial.recipe.dataset else {}
    if claim:
        how = {"split": claim.split, "which": claim.which}
    if _scored(trial):
        how["split"] = "validation"
    metrics = judge(path, count=count, seed=seed, **how).evaluation.metrics
    measured = {"metric": metric, "count": count, "value": metrics[metric], **cut_in(metrics)}
    with Run.open(path, path.parent, write=True) as run:
        run.update_manifest(**{SCORED if _scored(trial) else MEASURED: measured})


def _scored(trial: Trial) -> bool:
    """Whether its value is that of a validation split: worlds have luck enough for everybody."""
    return trial.number is not None and bool(trial.recipe.dataset)


def _of_seed(folder: Path, plan: Plan) -> Iterator[str]:
    stem = f"{plan.recipe.replace('/', '-', 1)}-s{plan.training.seed}-"
    return (run_id for run_id in run_ids(folder) if run_id.startswith(stem))
