"""A Trial: one training to be done and measured, as a value; and what came of it.

``python -m palestra.trials.trial`` reads one line of JSON (``trial``, ``folder``) and prints one, the result. When its
standard input ends, it saves and stops: so it does when whoever started it is killed.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from palestra.engine import seeding
from palestra.envs import arguments
from palestra.envs.modules import import_module
from palestra.errors import PalestraError, UsageError
from palestra.measure import cut_in
from palestra.recipes.recipe import Claim, Recipe
from palestra.runs.lock import is_locked
from palestra.runs.store import Run, open_all, run_ids
from palestra.trials.chapters import MEASURED
from palestra.trials.measuring import judge
from palestra.trials.plan import Plan, resolve
from palestra.trials.train import Interrupted, follow, resume


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

    def plan(self) -> Plan:
        """What it comes to."""
        budget = {} if self.budget is None else {"training.budget": self.budget}
        return resolve(self.recipe, {**self.overrides, **budget, "training.seed": self.seed})

    @property
    def name(self) -> str:
        """What it is called on a display."""
        return f"{self.recipe.id} seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(arguments.to_json(asdict(self))))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The trial that ``to_json`` gave."""
        values = arguments.from_json(values)
        recipe = values["recipe"]
        claim = recipe["claim"] and Claim(**recipe["claim"])
        return cls(**{**values, "recipe": Recipe(**{**recipe, "claim": claim})})


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


def finished_result(run: Run, metric: str, episodes: int) -> Result | None:
    """What a run's manifest says; None if it is not finished, or was measured otherwise."""
    manifest = run.manifest
    if run.status != "finished":
        return None
    for measured in (manifest.get("claim"), manifest.get(MEASURED)):
        if measured and (measured["metric"], measured["count"]) == (metric, episodes):
            return Result(
                manifest["seed"], measured["value"], manifest["steps"], manifest["seconds"], str(run.path),
                exact=manifest["exact"], commit=manifest.get("git_commit"), cut=measured.get("cut", 0),
            )  # fmt: skip
    return None


def already(trial: Trial, folder: Path) -> Result | None:
    """What came of a trial that was finished in this folder before; None if it was not."""
    run = find_run(folder, trial.plan())
    result = None if run is None else finished_result(run, *measure_of(trial.recipe))
    return None if result is None else replace(result, reused=True)


def attempt(trial: Trial, folder: Path) -> Result:
    """Train a trial, or go on with it, and measure it. Raises Interrupted once it is saved after a signal."""
    plan = trial.plan()
    metric, episodes = measure_of(trial.recipe)
    run = find_run(folder, plan)
    if run is None:
        path = Path(follow(plan, out=folder).path)
    else:
        path = run.path
        if run.status != "finished":
            resume(path)
    result = finished_result(Run.open(path, folder), metric, episodes)
    if result is None:
        claim, seed = trial.recipe.claim, seeding.derive(trial.seed, "claim")
        ends = {"which": "last"} if trial.recipe.dataset else {}
        how: dict[str, Any] = {"split": claim.split, "which": claim.which} if claim else ends
        judged = judge(path, count=episodes, seed=seed, **how)
        with Run.open(path, folder, write=True) as run:
            metrics = judged.evaluation.metrics
            measured = {"metric": metric, "count": episodes, "value": metrics[metric], **cut_in(metrics)}
            run.update_manifest(**{MEASURED: measured})
        result = finished_result(run, metric, episodes)
    assert result is not None
    return result


def _of_seed(folder: Path, plan: Plan) -> Iterator[str]:
    stem = f"{plan.recipe.replace('/', '-', 1)}-s{plan.training.seed}-"
    return (run_id for run_id in run_ids(folder) if run_id.startswith(stem))


def _stop_when_left() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _main() -> None:
    for module in sys.argv[1:]:  # as they were typed to the command that tries this
        import_module(module)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_when_left, daemon=True).start()
    trial = Trial.from_json(request["trial"])
    try:
        result = attempt(trial, Path(request["folder"]))
    except Interrupted:
        result = Result(trial.seed, error="interrupted")
    except PalestraError as error:
        result = Result(trial.seed, error=str(error))
    print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    _main()
