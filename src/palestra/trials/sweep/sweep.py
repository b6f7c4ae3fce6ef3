"""Sweep: try many settings of a recipe, and say honestly what the best of them is worth."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from palestra.errors import PalestraError, UsageError, require
from palestra.learners.registry import learner_type
from palestra.measure import Direction
from palestra.ops.explained import equal_groups, explained
from palestra.pictures.numbers import number
from palestra.pictures.sweep import MOST_TICKS, Scale, SweepData, draw_sweep
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import RECIPES, get_recipe
from palestra.runs.atomic import clear_disk_errors, write_json
from palestra.runs.journal import Journal
from palestra.runs.lock import RunLock, is_locked
from palestra.trials.opening import place_of
from palestra.trials.pool import LOCAL, Pool
from palestra.trials.sweep import confirm as confirming
from palestra.trials.sweep.course import Course, Tell, Tried, best_of
from palestra.trials.sweep.request import JOURNAL, Request, begun, read_request, request_of
from palestra.trials.sweep.space import Axis, Choices, Given
from palestra.trials.sweep.suggest import check_method
from palestra.trials.verify import side_by_side

RESULTS, PICTURE = "results.json", "sweep.png"
OUT = Path("sweeps")
"""Folder of the sweeps."""


@dataclass(frozen=True)
class Sweep:
    """What a sweep came to."""

    path: str
    """Its folder."""
    request: Request
    """What was asked for."""
    metric: str
    """What the scores are of."""
    direction: Direction
    """Which way they are better."""
    trials: tuple[Tried, ...]
    """All that was tried, in the order in which it was asked for."""
    best: Tried | None
    """The best that went the whole way; None if none did."""
    explained: dict[str, float]
    """Of each setting, the share of the differences between scores that it explains by itself."""
    confirmation: confirming.Confirmation | None
    """The best settings and the default on seeds that chose nothing; None where that was not asked for."""
    picture: Path | None
    """Of all that."""
    undrawn: str | None = None
    """Why there is none."""

    @property
    def steps(self) -> int:
        """What all trials cost together, on the learner's clock."""
        return sum(tried.steps for tried in self.trials)

    @property
    def ok(self) -> bool:
        """Whether there is a best, and all that was to confirm it is trained."""
        sides = [] if self.confirmation is None else [self.confirmation.best, self.confirmation.default]
        return self.best is not None and all(side is None or side.verdict is not None for side in sides)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        request = self.request
        names = ("method", "seeds", "first", "confirm")
        return {
            "recipe": request.recipe.id,
            "path": self.path,
            **{name: getattr(request, name) for name in names},
            "given": dict(request.given),
            "overrides": dict(request.overrides),
            "budget": request.plan.training.budget,
            "steps": self.steps,
            "metric": self.metric,
            "direction": self.direction,
            "trials": [asdict(tried) for tried in self.trials],
            "best": self.best and asdict(self.best),
            "explained": self.explained,
            "confirmation": self.confirmation and _confirmed(self.confirmation),
            "picture": self.picture and str(self.picture),
        }


def sweep(
    recipe: str | Recipe | None = None,
    settings: Mapping[str, Given] | None = None,
    *,
    method: str = "random",
    trials: int | None = None,
    seeds: int = 1,
    first: int = 0,
    confirm: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    jobs: int | None = None,
    pool: str | Pool = LOCAL,
    tell: Tell = lambda tried: None,
    tell_confirmed: confirming.Tell = lambda side, recipe, result: None,
    tick: Callable[[list[str]], None] = lambda running: None,
) -> Sweep:
    """Try settings of a recipe: ``sweep("cartpole/ppo", {"learning_rate": "log(1e-4,1e-2)", "gamma": [0.95, 0.99]})``.

    Every trial is an ordinary run in ``<out>/runs``. The same call again goes on with what is not finished there, and
    takes the rest as it is. In the end the best settings and the default are trained on seeds that chose nothing.

    Args:
        recipe: an id, or a Recipe.
        settings: what is tried, by name: words (:mod:`palestra.trials.sweep.space`), or a list of choices.
        method: random, grid, asha (random, and successive halving ends the worse ones early), or tpe (Optuna's).
        trials: how many; 40 if None, of a grid all.
        seeds: trainings of each, whose mean is its score.
        first: the first of their seeds, and of what is random in the choosing.
        confirm: seeds that choose nothing; 10 if None, 0 for no confirmation.
        overrides: settings of all trials, by name, as ``train`` takes them.
        out: folder of the sweep; ``sweeps/<task>-<method>-<how>`` if None.
        resume: folder of a sweep to go on with, in the place of all above but ``trials`` and ``confirm``.
        jobs: trainings side by side; None for as many as there are cores for.
        pool: where they are trained: ``local``, ``local:N``, ``together``, ``ray``, ``slurm`` (``trials.opening``), or
            a Pool.
        tell: called with every trial as it ends.
        tell_confirmed: called with every training that confirms, as it ends.
        tick: called about once a second with what is being trained.

    Raises:
        UsageError: for what cannot be tried; before anything is trained.
        Stopped: after SIGINT or SIGTERM, once every process has saved.
    """
    if resume is not None:
        require(recipe is None and not settings, f"resume={resume} with a recipe or settings", "one or the other")
        folder = Path(resume)
        request = read_request(folder).extended(trials=trials, confirm=confirm)
    elif recipe is None:
        raise UsageError("nothing to try; expected a recipe and settings, or the folder of a sweep to go on with")
    else:
        chosen = get_recipe(recipe) if isinstance(recipe, str) else recipe
        seen = 10 if confirm is None else confirm
        request = request_of(
            chosen, settings or {}, overrides, method=method, trials=trials, seeds=seeds, first=first, confirm=seen
        )
        folder = OUT / f"{chosen.task}-{chosen.method}-{method}" if out is None else Path(out)
    check_method(request.method, request.space)
    width = side_by_side([replace(request.recipe, threads=request.plan.training.threads)], jobs, pool)
    place = place_of(pool)
    with _held(folder):
        begun(request, folder)
        with Journal(folder / JOURNAL) as journal:
            course = Course(request, folder, journal, tell)
            course.run(place, width, tick)
        tried = tuple(each for each in course.trials if each.number < request.trials)
        best, shares = best_of(tried, course.direction), _explained(request.space, tried)
        confirmation = None
        if best is not None and request.confirm:
            confirmation = confirming.confirm(
                request, _claim(recipe, request), best.settings, folder, jobs=width, pool=place, tell=tell_confirmed,
                tick=tick,
            )  # fmt: skip
        picture, undrawn = _drawn(folder / PICTURE, request, tried, shares, course.direction)
        metric = request.plan.headline
        done = Sweep(
            str(folder), request, metric, course.direction, tried, best, shares, confirmation, picture, undrawn
        )
        write_json(folder / RESULTS, done.to_json())
    return done


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The right to go on with a sweep, which one process has at a time."""
    with clear_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if is_locked(folder):
            raise UsageError(f"sweep {folder} is under way in another process; wait for it or stop it, then try again")
        lock = RunLock(folder)
    try:
        yield
    finally:
        lock.release()


def _claim(recipe: str | Recipe | None, request: Request) -> Claim | None:
    """What is claimed of the recipe; of one that a sweep is resumed of, what is registered."""
    if isinstance(recipe, Recipe):
        return recipe.claim
    there = RECIPES.get(request.recipe.id)
    return there.claim if there is not None and replace(there, claim=None) == request.recipe else None


def _explained(space: Mapping[str, Axis], trials: tuple[Tried, ...]) -> dict[str, float]:
    """Of each setting, the share that it explains; of those that have a score of their own."""
    known = [tried for tried in trials if tried.score is not None and tried.same_as is None]
    scores = [tried.score for tried in known if tried.score is not None]
    shares = {}
    for name, axis in space.items():
        places = [axis.place(tried.settings[name]) for tried in known]
        shares[name] = explained(scores, places if isinstance(axis, Choices) else equal_groups(places))
    return shares


def _drawn(
    path: Path, request: Request, trials: tuple[Tried, ...], shares: Mapping[str, float], direction: Direction
) -> tuple[Path | None, str | None]:
    """The picture, or why there is none: the trials are done, and a picture does not undo it."""
    known = [tried for tried in trials if tried.score is not None]
    if not known:
        return None, "no trial has a score"
    spent = np.cumsum([tried.steps for tried in trials])
    shown = SweepData(
        f"{request.recipe.id}: {request.method}, {len(trials)} trials",
        request.plan.headline,
        direction,
        [
            Scale(
                name.partition(".")[2],
                np.array([axis.place(tried.settings[name]) for tried in known]),
                _ticks(axis),
                shares[name],
            )
            for name, axis in request.space.items()
        ],
        np.array([tried.score for tried in known], float),
        np.array([tried.pruned is None for tried in known]),
        np.array([spent[i] for i, tried in enumerate(trials) if tried.score is not None], float),
        learner_type(request.plan.learner.name).learner.clock_unit,
    )
    try:
        return draw_sweep(path, shown), None
    except PalestraError as error:
        return None, str(error)


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    """What is written beside an axis."""
    if isinstance(axis, Choices):
        every = -(-len(axis.values) // MOST_TICKS)
        return [(axis.place(value), _spoken(value)) for value in axis.values[::every]]
    return [(axis.place(value), number(value)) for value in axis.points(5).values]


def _spoken(value: Any) -> str:
    return (
        number(value)
        if isinstance(value, float)
        else ",".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )


def _confirmed(done: confirming.Confirmation) -> dict[str, Any]:
    def facts(side: confirming.Side) -> dict[str, Any]:
        values = [trial.value for trial in side.trained.trials]
        runs = [trial.run for trial in side.trained.trials]
        verdict = side.verdict and asdict(side.verdict)
        return {"settings": side.settings, "values": values, "runs": runs, "verdict": verdict, "said": side.said}

    comparison = done.comparison
    return {
        "seeds": list(done.seeds),
        "best": facts(done.best),
        "default": done.default and facts(done.default),
        "winner": comparison and comparison.winner,
        "why": done.why,
        "pair": asdict(comparison.pairs[0]) if comparison else None,
    }
