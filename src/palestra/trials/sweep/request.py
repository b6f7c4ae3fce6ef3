"""What a sweep is asked for, as one frozen value; ``sweep.json`` is its JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast, get_args

from palestra.errors import UsageError, require, unknown_name
from palestra.recipes.recipe import Recipe
from palestra.runs.atomic import write_json
from palestra.runs.files import UnreadableError, read_json
from palestra.trials.plan import Plan, resolve
from palestra.trials.sweep.halving import Halving, rungs_of
from palestra.trials.sweep.space import Axis, Given, is_single, space_of
from palestra.trials.sweep.suggest import Method, check_method, grid
from palestra.trials.trial import Trial

REQUEST, JOURNAL, RUNS, CONFIRMED = "sweep.json", "journal.db", "runs", "confirmed"
"""In a sweep's folder: what was asked for, what became of it, the trials, and the trainings that chose nothing."""
DEFAULT_TRIALS = 40
"""Of every method but the grid, which has as many as it has points."""
MOST_TRIALS, MOST_SEEDS = 1_000_000, 10_000
_FORMAT = 1


@dataclass(frozen=True)
class Request:
    """One sweep. ``request_of`` makes one of what a user says."""

    recipe: Recipe
    """What is trained; nothing is claimed of it."""
    overrides: Mapping[str, Any]
    """Settings that all trials have, by name."""
    given: Mapping[str, Given]
    """What is tried, by the whole names of the settings, in the words that it was asked for in."""
    method: Method
    """How the next trial is chosen."""
    trials: int
    """How many."""
    seeds: int = 1
    """Trainings of each; its score is their mean."""
    first: int = 0
    """The seed of the first of these, and of what is random in the choosing."""
    confirm: int = 10
    """Seeds that choose nothing, on which the best settings and the default are trained in the end."""
    space: Mapping[str, Axis] = field(default_factory=dict, compare=False)
    """What the words come to."""

    @property
    def plan(self) -> Plan:
        """What the trials have in common: the default."""
        return resolve(self.recipe, self.overrides)

    @property
    def fresh(self) -> range:
        """The seeds that choose nothing."""
        return range(self.first + self.seeds, self.first + self.seeds + self.confirm)

    def trial(self, folder: Path, number: int, settings: Mapping[str, Any], seed: int) -> Trial:
        """The training of one seed of one trial."""
        halving = None
        if self.method == "asha":
            training = self.plan.training
            rungs = rungs_of(training.budget, training.eval_every)
            halving = Halving(str((folder / JOURNAL).absolute()), number, rungs)
        return Trial(self.recipe, seed, {**self.overrides, **settings}, number=number, halving=halving)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        names = ("method", "trials", "seeds", "first", "confirm")
        given = {name: words if isinstance(words, str) else list(words) for name, words in self.given.items()}
        trial = Trial(self.recipe, self.first, self.overrides).to_json()
        return {"format": _FORMAT, "trial": trial, "given": given, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Request":
        """The request that ``to_json`` gave. UsageError for anything else."""
        try:
            require(
                values["format"] == _FORMAT, f"format {values['format']!r}", f"{_FORMAT}, as this version writes it"
            )
            trial = Trial.from_json(values["trial"])
            numbers = {name: int(values[name]) for name in ("trials", "seeds", "confirm")}
            first, given, method = int(values["first"]), dict(values["given"]), str(values["method"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{type(error).__name__} {error}; expected what a sweep wrote") from error
        return request_of(trial.recipe, given, trial.overrides, method=method, first=first, **numbers)

    def extended(self, *, trials: int | None = None, confirm: int | None = None) -> Self:
        """The same with more trials, or another number of seeds that confirm."""
        if trials is not None and trials != self.trials:
            require(self.method != "grid", f"trials={trials} of a grid of {self.trials}", "none: it is tried whole")
            require(trials >= self.trials, f"trials={trials} of a sweep of {self.trials}", "as many or more")
        more = replace(self, trials=trials or self.trials, confirm=self.confirm if confirm is None else confirm)
        _check_numbers(more)
        return more


def request_of(
    recipe: Recipe,
    settings: Mapping[str, Given],
    overrides: Mapping[str, Any] | None = None,
    *,
    method: str = "random",
    trials: int | None = None,
    seeds: int = 1,
    first: int = 0,
    confirm: int = 10,
) -> Request:
    """A request, checked whole before anything is trained.

    Args:
        recipe: what is trained.
        settings: by name; one with several choices or a range is tried, one with a single value is set.
        overrides: settings that all trials have, by name.
        method: grid, random, asha or tpe.
        trials: how many; 40 if None, of a grid all.
        seeds: trainings of each.
        first: their first seed.
        confirm: seeds that choose nothing.

    Raises:
        UsageError: in one line, for whatever cannot be.
    """
    if method not in get_args(Method):
        raise unknown_name("method", method, get_args(Method))
    fixed, tried = _parted(recipe, settings, overrides or {})
    recipe = replace(recipe, claim=None)
    plan = resolve(recipe, fixed)
    plan.training.check_target()
    space = space_of(plan, tried)
    words = {plan.place(name): given for name, given in tried.items()}
    require(bool(space), "a sweep without anything to try", "--set NAME=a,b,c or --set NAME=log(lo,hi)")
    check_method(method, space)
    if method == "grid":
        size = len(grid(space))
        require(trials in (None, size), f"trials={trials} of a grid of {size}", "none: it is tried whole")
        trials = size
    if method == "asha":
        rungs_of(plan.training.budget, plan.training.eval_every)
    request = Request(
        recipe, fixed, {name: words[name] for name in space}, cast(Method, method),
        DEFAULT_TRIALS if trials is None else trials, seeds, first, confirm, space,
    )  # fmt: skip
    _check_numbers(request)
    return request


def _parted(
    recipe: Recipe, settings: Mapping[str, Given], overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Given]]:
    """Settings of the training, which are set and not tried, and all others."""
    plan = resolve(replace(recipe, claim=None))
    fixed, tried = dict(overrides), dict[str, Given]()
    for name in overrides:
        seeded = plan.place(name) == "training.seed"
        require(not seeded, f"{name} among the overrides", "first=N: trials have seeds from there on")
    for name, words in settings.items():
        place = plan.place(name)
        if place == "training.seed":
            raise UsageError(f"{name}={words} in a sweep; expected --seed: trials have seeds from there on")
        several = isinstance(words, list | tuple) or (isinstance(words, str) and not is_single(plan, name, words))
        if several and not place.startswith("training."):
            tried[name] = words if isinstance(words, str) else json.loads(json.dumps(words))
        else:
            fixed[place] = words
    return fixed, tried


def _check_numbers(request: Request) -> None:
    for name, least, most in (("trials", 1, MOST_TRIALS), ("seeds", 1, MOST_SEEDS), ("confirm", 0, MOST_SEEDS)):
        value = getattr(request, name)
        require(least <= value <= most, f"{name}={value}", f"from {least} to {most:,}")
    require(request.first >= 0, f"seed={request.first}", "0 or more")


def begun(request: Request, folder: Path) -> None:
    """Write down what is asked for, where nothing is; UsageError where another sweep is.

    One that is asked for more trials, or other seeds to confirm by, is the same sweep.
    """
    path = folder / REQUEST
    if path.exists():
        there = read_request(folder)
        if replace(there, trials=request.trials, confirm=request.confirm) != request:
            raise UsageError(
                f"{folder} holds another sweep; expected another --out, or --resume {folder} to go on with that one"
            )
        request = there.extended(trials=request.trials, confirm=request.confirm)
    write_json(path, request.to_json())


def read_request(folder: Path) -> Request:
    """What the sweep in a folder was asked for. Raises UsageError where there is none, and for a damaged one."""
    path = folder / REQUEST
    if not path.exists():
        raise UsageError(f"{folder} holds no sweep (no {REQUEST} in it); expected the folder of one")
    values = read_json(path, folder)
    try:
        return Request.from_json(values)
    except UnreadableError:
        raise
    except UsageError as error:
        raise UnreadableError(path, f"cannot be followed: {error}") from error
