"""What is the best of a sweep worth, by each method at one budget? On CartPole, and on digits.

Every method spends about the same number of steps: 16 trials, of successive halving as many as that allows. The best
settings of each are then trained on five seeds that no sweep has seen. "Optuna alone" is Optuna's own loop,
``study.optimize`` with its TPE sampler, around the same trainings; "random" is random search. Beside them stands the
recipe as it is, with the same budget. ``--sweeps N`` runs each method N times, with seeds of its own each time.

Everything is trained in this process, one after the other, and stays in ``--out``: stopped, the same command goes on.
"""

import argparse
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from palestra.engine.signals import GivenUp
from palestra.ops import evidence
from palestra.pictures.numbers import number
from palestra.recipes.registry import get_recipe
from palestra.trials.pool import Pool
from palestra.trials.sweep.course import Tried, best_of
from palestra.trials.sweep.request import request_of
from palestra.trials.sweep.space import Axis, Choices
from palestra.trials.sweep.sweep import sweep
from palestra.trials.train import Interrupted
from palestra.trials.trial import Result, Trial, attempt
from palestra.trials.verdict import ENOUGH
from report import publish

FRESH, FIRST_FRESH = 5, 10_000
TRIALS = 16
METHODS = ("grid", "random", "asha", "tpe", "Optuna alone")


@dataclass(frozen=True)
class Task:
    """One training to be set."""

    recipe: str
    overrides: Mapping[str, Any]
    """Of all trials: a budget of a second or two."""
    space: Mapping[str, str]
    """For all methods but the grid."""
    grid: Mapping[str, str]
    """The same ranges in 16 points."""
    asha: int
    """Trials of successive halving that cost about as much as the others."""


TASKS = (
    Task(
        "cartpole/ppo",
        {"training.budget": 5_120, "training.eval_every": 1_024, "training.eval_count": 5},
        {"learning_rate": "log(1e-4,1e-1)", "gamma": "0.9,0.95,0.98,0.99", "num_epochs": "1..20"},
        {"learning_rate": "log(1e-4,1e-1,4)", "gamma": "0.95,0.99", "num_epochs": "5,20"},
        22,
    ),
    Task(
        "digits/mlp",
        {"training.budget": 5_395, "training.eval_every": 539},
        {"learning_rate": "log(1e-4,1)", "batch_size": "log(8,256)", "hidden_sizes": "16|64|256|64,64"},
        {"learning_rate": "log(1e-4,1,4)", "batch_size": "16,128", "hidden_sizes": "64|256"},
        36,
    ),
)


class Here(Pool):
    """Trains in this process, one trial with each poll."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Trial, Path]] = deque()

    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial."""
        self._waiting.append((trial, folder))

    def poll(self) -> list[tuple[Trial, Result]]:
        """Train one, and give it back."""
        if not self._waiting:
            return []
        trial, folder = self._waiting.popleft()
        try:
            return [(trial, attempt(trial, folder))]
        except (Interrupted, GivenUp):
            return [(trial, Result(trial.seed, error="interrupted"))]

    def stop(self) -> None:
        """Nothing is begun that is not ended."""
        self._waiting.clear()

    def tell(self) -> list[str]:
        """What waits."""
        return [trial.name for trial, _ in self._waiting]

    def close(self) -> None:
        """As ``stop``."""
        self.stop()


@dataclass
class Found:
    """What a method came to."""

    trials: int = 0
    steps: int = 0
    """Of all its sweeps."""
    chosen: list[float] = field(default_factory=list)
    """The score by which each sweep chose."""
    runs: list[Path] = field(default_factory=list)
    """Of the fresh seeds."""
    values: list[float] = field(default_factory=list)
    """What these came to."""


def suggested(trial: optuna.Trial, name: str, axis: Axis) -> Any:
    """What Optuna takes for a setting."""
    if isinstance(axis, Choices):
        return axis.values[trial.suggest_categorical(name, list(range(len(axis.values))))]
    if axis.whole:
        return trial.suggest_int(name, int(axis.low), int(axis.high), log=axis.scale == "log")
    return trial.suggest_float(name, axis.low, axis.high, log=axis.scale == "log")


def optuna_alone(task: Task, first: int, folder: Path) -> list[Tried]:
    """Optuna's own loop around the same trainings."""
    request = request_of(get_recipe(task.recipe), task.space, task.overrides, trials=TRIALS, first=first)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=first), direction="maximize")
    tried: list[Tried] = []

    def objective(trial: optuna.Trial) -> float:
        settings = {name: suggested(trial, name, axis) for name, axis in request.space.items()}
        result = attempt(request.trial(folder, trial.number, settings, first), folder / "runs")
        assert result.value is not None
        tried.append(Tried(trial.number, settings, result.value, steps=result.steps))
        return result.value

    study.optimize(objective, n_trials=TRIALS)
    return tried


def tried_by(method: str, task: Task, first: int, folder: Path) -> list[Tried]:
    """All trials of one sweep."""
    if method == "Optuna alone":
        return optuna_alone(task, first, folder)
    space = task.grid if method == "grid" else task.space
    trials = {"grid": None, "asha": task.asha}.get(method, TRIALS)
    done = sweep(
        task.recipe, space, method=method, trials=trials, first=first, confirm=0, overrides=task.overrides, out=folder,
        jobs=1, pool=Here(),
    )  # fmt: skip
    return list(done.trials)


def fresh(task: Task, settings: Mapping[str, Any], seeds: range, folder: Path, found: Found) -> None:
    """Train settings on seeds that chose nothing."""
    request = request_of(get_recipe(task.recipe), task.space, task.overrides)
    for seed in seeds:
        result = attempt(Trial(request.recipe, seed, {**request.overrides, **settings}), folder)
        assert result.value is not None
        assert result.run is not None
        found.values.append(result.value)
        found.runs.append(Path(result.run))


def measured(task: Task, sweeps: int, out: Path) -> list[dict[str, Any]]:
    """The rows of a task, the default first."""
    home = out / task.recipe.replace("/", "-")
    seeds = range(FIRST_FRESH, FIRST_FRESH + sweeps * FRESH)
    default = Found()
    fresh(task, {}, seeds, home / "default", default)
    rows = [row(task, "the recipe's own", default, None)]
    print(rows[-1], flush=True)
    for method in METHODS:
        found = Found()
        for i in range(sweeps):
            folder = home / method.replace(" ", "-").lower() / str(i)
            tried = tried_by(method, task, 100 * i, folder)
            best = best_of(tried, "up")
            assert best is not None
            assert best.score is not None
            found.trials = len(tried)
            found.steps += sum(each.steps for each in tried)
            found.chosen.append(best.score)
            fresh(task, best.settings, seeds[i * FRESH : (i + 1) * FRESH], folder / "fresh", found)
        rows.append(row(task, method, found, default))
        print(rows[-1], flush=True)
    return rows


def row(task: Task, method: str, found: Found, default: Found | None) -> dict[str, Any]:
    """One line of the table."""
    low, high = map(float, evidence.bootstrap_interval(evidence.iqm, found.values))
    better = "" if default is None else said_against(found, default)
    return {
        "task": f"{task.recipe}, {task.overrides['training.budget']:,}",
        "method": method,
        "trials": found.trials or "",
        "steps of a sweep": round(found.steps / len(found.chosen)) if found.chosen else "",
        "score when chosen": ", ".join(number(score) for score in found.chosen),
        "IQM on fresh seeds": f"{number(float(evidence.iqm(found.values)))} [{number(low)}, {number(high)}]",
        "beats the recipe's own": better,
    }


def said_against(found: Found, default: Found) -> str:
    """Probability of improvement, and whether both intervals of ``palestra compare`` name a winner."""
    ours, theirs = np.array(found.values), np.array(default.values)
    share = float(evidence.probability_of_improvement(ours, theirs))
    low, high = evidence.bootstrap_interval(evidence.probability_of_improvement, ours, theirs)
    gap = evidence.bootstrap_interval(lambda a, b: evidence.iqm(a) - evidence.iqm(b), ours, theirs)
    sure = "" if len(ours) >= ENOUGH else ", provisionally"
    won, lost = low > 0.5 and gap[0] > 0, high < 0.5 and gap[1] < 0
    verdict = f"winner{sure}" if won else f"loser{sure}" if lost else "no winner"
    return f"{share:.2f} [{float(low):.2f}, {float(high):.2f}], {verdict}"


def main() -> None:
    """Sweep every task by every method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("sweeps/bench"))
    parser.add_argument("--sweeps", type=int, default=1)
    args, _ = parser.parse_known_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table = [line for task in TASKS for line in measured(task, args.sweeps, args.out)]
    publish(
        "sweep",
        "What the best of a sweep is worth, by each method at one budget",
        {"unit": "IQM on seeds that chose nothing", "seeds": args.sweeps * FRESH, "optuna": optuna.__version__},
        table,
        [
            f"{args.sweeps} sweep of each method; the best of each on {FRESH} fresh seeds, "
            f"so that a line stands on {args.sweeps * FRESH} trainings; the recipe's own on the same seeds.",
            "Scores of digits/mlp when chosen are of the validation split, on fresh seeds of the test split, whose "
            "rows are the same for all.",
            "Intervals are 95% bootstrap intervals over trainings, as if all sweeps were one; winners by the "
            "rule of `palestra compare`, one pair at a time.",
        ],
    )


if __name__ == "__main__":
    main()
