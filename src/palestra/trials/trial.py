"""One seed of a verification: trained as anybody would train it, then measured. Runs as a process of its own.

``python -m palestra.trials.trial`` reads one line of JSON (``recipe``, ``seed``, ``out``, ``device``) and prints one.
When its standard input ends, it saves and stops: so it does when whoever started it is killed.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from palestra.engine import seeding
from palestra.errors import PalestraError, UsageError
from palestra.learners.registry import learner_type
from palestra.recipes.recipe import Claim, Recipe
from palestra.runs.lock import is_locked
from palestra.runs.store import Run, run_ids
from palestra.trials.plan import Config, resolve
from palestra.trials.saved import evaluate
from palestra.trials.train import Interrupted, resume, train

MEASURED = "measured"
"""Key of a manifest: the best checkpoint in the reference environment, where the claim did not measure it."""
EPISODES = 100
"""Of the evaluation of a recipe that claims nothing."""


@dataclass(frozen=True)
class Trial:
    """One seed, trained and measured, or why not."""

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


def measure_of(recipe: Recipe) -> tuple[str, int]:
    """The metric that a recipe is measured by, and over how many episodes."""
    if recipe.claim is not None:
        return recipe.claim.metric, recipe.claim.count
    return learner_type(recipe.learner).learner.headline, EPISODES


def wanted_config(recipe: Recipe, seed: int, device: str) -> Config:
    """The configuration of a run of this seed, as its file would give it back."""
    config: Config = json.loads(json.dumps({**resolve(recipe, seed=seed, device=device), "threads": recipe.threads}))
    return config


def find_run(folder: Path, config: Config) -> Run | None:
    """The run of a configuration, whatever it claimed: a finished one if there is any, else the farthest.

    Raises UsageError if another process is training it.
    """
    runs = [Run.open(folder / run_id, folder) for run_id in _of_seed(folder, config)]
    same = [run for run in runs if {**run.config, "claim": None} == {**config, "claim": None}]
    done = [run for run in same if run.status == "finished"]
    if not done and any(is_locked(run.path) for run in same):
        raise UsageError(
            f"seed {config['seed']} is being trained in {folder} by another process; wait for it, or stop it"
        )
    return max(done or same, key=lambda run: (run.manifest["steps"], run.id), default=None)


def finished_trial(run: Run, metric: str, episodes: int) -> Trial | None:
    """What a run's manifest says; None if it is not finished, or was measured otherwise."""
    manifest = run.manifest
    if run.status != "finished":
        return None
    for measured in (manifest.get("claim"), manifest.get(MEASURED)):
        if measured and (measured["metric"], measured["count"]) == (metric, episodes):
            return Trial(
                manifest["seed"], measured["value"], manifest["steps"], manifest["seconds"], str(run.path),
                exact=manifest["exact"], commit=manifest.get("git_commit"),
            )  # fmt: skip
    return None


def attempt(recipe: Recipe, seed: int, out: Path, device: str) -> Trial:
    """Train one seed, or go on with it, and measure it. Raises Interrupted once it is saved after a signal."""
    config = wanted_config(recipe, seed, device)
    metric, episodes = measure_of(recipe)
    run = find_run(out, config)
    if run is None:
        path = Path(train(recipe, seed=seed, out=out, device=device).path)
    else:
        path = run.path
        if run.status != "finished":
            resume(path)
    trial = finished_trial(Run.open(path, out), metric, episodes)
    if trial is None:
        evaluation = evaluate(path, episodes=episodes, seed=seeding.derive(seed, "claim"))
        with Run.open(path, out, write=True) as run:
            measured = {"metric": metric, "count": episodes, "value": evaluation.metrics[metric]}
            run.update_manifest(**{MEASURED: measured})
        trial = finished_trial(run, metric, episodes)
    assert trial is not None
    return trial


def recipe_from_json(fields: dict[str, Any]) -> Recipe:
    """A recipe as ``dataclasses.asdict`` gave it."""
    claim = fields["claim"]
    return Recipe(**{**fields, "claim": None if claim is None else Claim(**claim)})


def _of_seed(folder: Path, config: Config) -> Iterator[str]:
    stem = f"{config['task']}-{config['method']}-s{config['seed']}-"
    return (run_id for run_id in run_ids(folder) if run_id.startswith(stem))


def _stop_when_left() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_when_left, daemon=True).start()
    recipe = recipe_from_json(request["recipe"])
    try:
        answer = asdict(attempt(recipe, request["seed"], Path(request["out"]), request["device"]))
    except Interrupted:
        answer = {"seed": request["seed"], "error": "interrupted"}
    except PalestraError as error:
        answer = {"seed": request["seed"], "error": str(error)}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _main()
