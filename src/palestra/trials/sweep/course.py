"""The course of a sweep: ask for the next trial, train it, tell what came of it; killed anywhere, it goes on there.

What is asked for is noted before it begins, what came of it before the next one is asked for. So a trial that was begun
is gone on with, one that is finished is never trained again, and none is left out.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from palestra.engine.settings import build
from palestra.engine.signals import StopRequest
from palestra.errors import PalestraError, UsageError
from palestra.learners.registry import learner_type
from palestra.measure import Direction, better
from palestra.runs.journal import Journal
from palestra.runs.lock import is_locked
from palestra.trials.opening import opened
from palestra.trials.plan import Plan
from palestra.trials.pool import Pool
from palestra.trials.sweep.request import RUNS, Request
from palestra.trials.sweep.suggest import suggestion
from palestra.trials.trial import Result, Trial, runs_of
from palestra.trials.verify import Stopped

IN_A_ROW = 10
"""Trials that fail one after the other before a sweep gives up: a full disk would else be the end of all of them."""
LEFT = 150.0
"""Seconds in which a worker that a killed sweep has left saves and stops."""
_LOOK = 0.05  # seconds between looks at the pool


@dataclass(frozen=True)
class Tried:
    """One trial, and what came of it."""

    number: int
    """Which, from 0, in the order in which they were asked for."""
    settings: dict[str, Any]
    """What is tried in it, by the whole names of the settings."""
    score: float | None = None
    """The mean over its seeds; None if one failed."""
    path: str | None = None
    """Folder of its first run."""
    runs: tuple[str, ...] = ()
    """Folders of all, one a seed."""
    values: tuple[float, ...] = ()
    """What each came to."""
    steps: int = 0
    """The clocks of all together."""
    seconds: float = 0.0
    """Of training, of all together."""
    pruned: int | None = None
    """The least clock at which one was ended by the others' scores; None if all went the whole way."""
    same_as: int | None = None
    """The earlier trial of the same settings, whose runs these are."""
    error: str | None = None
    """Why there is no score."""
    exact: bool = True
    """Whether every resume was bit for bit."""


def best_of(trials: Sequence[Tried], direction: Direction) -> Tried | None:
    """The best of those that went the whole way, the first one of equals; None if there is none."""
    best: Tried | None = None
    for each in sorted(trials, key=lambda tried: tried.number):
        whole = each.score is not None and each.pruned is None
        if whole and each.score is not None and better(each.score, best.score if best else None, direction):
            best = each
    return best


@dataclass
class _Open:
    """A trial that is being trained."""

    settings: dict[str, Any]
    waiting: set[int]
    """Seeds of which nothing has come back."""
    results: dict[int, Result] = field(default_factory=dict)


Tell = Callable[[Tried], None]
"""Called with every trial as it ends."""


class Course:
    """One sweep on its way.

    Args:
        request: what is asked for.
        folder: of the sweep; the caller holds its lock.
        journal: of the sweep, open.
        tell: called with every trial as it ends.
    """

    def __init__(self, request: Request, folder: Path, journal: Journal, tell: Tell = lambda tried: None):
        self._request, self._folder, self._journal, self._tell = request, folder, journal, tell
        self.direction: Direction = learner_type(request.plan.learner.name).learner.direction
        self._asked = journal.asked()
        there = [build(Tried, told.facts) for told in journal.told()]
        self._done = {tried.number: tried for tried in there if tried.error is None}  # what failed is tried again
        left = [number for number in range(request.trials) if number not in self._done]
        self._next = deque(left)
        self._open: dict[int, _Open] = {}
        self._owners = {_key(tried.settings): tried.number for tried in there if tried.number in self._done}
        self._twins: dict[int, list[int]] = {}
        self._failures = 0
        self._out = 0
        for tried in self._done.values():
            if tried.number < request.trials:
                tell(tried)

    @property
    def trials(self) -> list[Tried]:
        """What has come of each, by its number."""
        return [self._done[number] for number in sorted(self._done)]

    def run(self, pool: str | Pool, jobs: int, tick: Callable[[list[str]], None]) -> None:
        """Try all that is left, so many trainings side by side. After a signal, once all is saved, raises Stopped."""
        ticked = time.monotonic()
        with StopRequest() as stop, opened(pool, jobs) as made:
            wait_for_left(self._folder / RUNS, self._begun(), tick, stop)
            while self._out or (self._next and stop.signal is None):
                if stop.signal is not None:
                    made.stop()
                while self._next and self._out < jobs and stop.signal is None:
                    self._begin(made, self._next.popleft())
                for trial, result in made.poll():
                    self._take(trial, result, stopping=stop.signal is not None)
                if time.monotonic() - ticked >= 1.0:
                    ticked = time.monotonic()
                    tick(made.tell())
                time.sleep(_LOOK)
        if stop.signal is not None:
            raise Stopped(stop.signal)

    def _settings(self, number: int) -> dict[str, Any]:
        """What a trial is; noted for good where it was not."""
        if number not in self._asked:
            request = self._request
            told = [(each.facts["settings"], each.score) for each in self._journal.told()]
            settings = suggestion(request.method, request.space, request.first, number, told, self.direction)
            self._journal.ask(number, settings)
            self._asked[number] = settings
        return self._asked[number]

    def _trials(self, number: int) -> list[Trial]:
        request, settings = self._request, self._settings(number)
        seeds = range(request.first, request.first + request.seeds)
        return [request.trial(self._folder, number, settings, seed) for seed in seeds]

    def _begin(self, pool: Pool, number: int) -> None:
        settings = self._settings(number)
        owner = self._owners.setdefault(_key(settings), number)
        if owner in self._done:
            self._end(_twin(self._done[owner], number))
        elif owner != number:
            self._twins.setdefault(owner, []).append(number)
        else:
            trials = self._trials(number)
            try:
                trials[0].plan()
            except UsageError as error:  # settings that go with the default may not go with each other
                self._end(Tried(number, settings, error=str(error)))
                return
            self._open[number] = _Open(settings, {trial.seed for trial in trials})
            for trial in trials:
                pool.submit(trial, self._folder / RUNS)
                self._out += 1

    def _take(self, trial: Trial, result: Result, *, stopping: bool) -> None:
        """One training came back."""
        self._out -= 1
        assert trial.number is not None  # it is ours
        ours = self._open[trial.number]
        if stopping and result.value is None:  # saved, or not begun: it goes on another time
            return
        ours.results[trial.seed] = result
        ours.waiting.discard(trial.seed)
        if not ours.waiting:
            del self._open[trial.number]
            self._end(_tried(trial.number, ours.settings, [ours.results[seed] for seed in sorted(ours.results)]))

    def _end(self, tried: Tried) -> None:
        """One trial is over, and with it those of the same settings."""
        self._journal.tell(tried.number, tried.score, asdict(tried))
        self._tell(tried)
        self._done[tried.number] = tried
        self._failures = 0 if tried.error is None else self._failures + 1
        twins = self._twins.pop(tried.number, [])
        for number in twins:
            self._end(_twin(tried, number))
        if self._failures >= IN_A_ROW:
            raise PalestraError(
                f"{self._failures} trials in a row failed, the last with: {tried.error}; expected one to be trained: "
                f"once that is mended, palestra sweep --resume {self._folder} tries them again"
            )

    def _begun(self) -> list[Plan]:
        """What may still be trained by workers that a killed sweep has left."""
        plans = []
        for number in (number for number in self._next if number in self._asked):
            with suppress(UsageError):  # it is said when its turn comes
                plans += [trial.plan() for trial in self._trials(number)]
        return plans


def wait_for_left(
    folder: Path, plans: Iterable[Plan], tick: Callable[[list[str]], None], stop: StopRequest | None = None
) -> None:
    """Wait until no worker that a killed sweep has left trains one of some plans any more: each saves and stops.

    Args:
        folder: of the runs.
        plans: what is to be gone on with.
        tick: called with what is waited for.
        stop: ends the waiting.
    """
    until = time.monotonic() + LEFT
    for plan in plans:
        while time.monotonic() < until and (stop is None or stop.signal is None):
            if not any(is_locked(run.path) for run in runs_of(folder, plan)):
                break
            tick([f"{plan.recipe} seed {plan.training.seed}, which another process is saving"])
            time.sleep(4 * _LOOK)


def _tried(number: int, settings: Mapping[str, Any], results: Sequence[Result]) -> Tried:
    """What the trainings of a trial come to together."""
    failed = [f"seed {result.seed}: {result.error or 'no score'}" for result in results if result.value is None]
    values = tuple(result.value for result in results if result.value is not None)
    pruned = [result.pruned for result in results if result.pruned is not None]
    runs = tuple(result.run for result in results if result.run is not None)
    return Tried(
        number, dict(settings), None if failed else sum(values) / len(values), runs[0] if runs else None, runs, values,
        sum(result.steps for result in results), round(sum(result.seconds for result in results), 3),
        min(pruned, default=None), None, "; ".join(failed) or None, all(result.exact for result in results),
    )  # fmt: skip


def _twin(tried: Tried, number: int) -> Tried:
    """A later trial of the same settings, which costs nothing."""
    return replace(
        tried, number=number, same_as=tried.number if tried.same_as is None else tried.same_as, steps=0, seconds=0.0
    )


def _key(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True)
