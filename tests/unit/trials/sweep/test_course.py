"""The course of a sweep: cut off anywhere and gone on with, no trial is lost, none is repeated, none is another."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_pool import Cut, FakePool
from quick import QUICK

from palestra.engine.signals import StopRequest
from palestra.errors import PalestraError
from palestra.runs.journal import Journal
from palestra.runs.lock import RunLock
from palestra.runs.store import Run
from palestra.trials.sweep import course
from palestra.trials.sweep.course import Course, Tried, best_of
from palestra.trials.sweep.request import JOURNAL, RUNS, Request, request_of
from palestra.trials.sweep.suggest import suggestion
from palestra.trials.trial import Result, Trial
from palestra.trials.verify import Stopped

SETTINGS = {"learning_rate": "log(1e-4,1e-2)", "num_epochs": "1..3"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "_LOOK", 0.0)


def scored(trial: Trial, folder: Path) -> Result:
    """Better the nearer the rate is to 1e-3; better by a seed, too."""
    rate = trial.plan().learner.settings.learning_rate
    return Result(trial.seed, trial.seed - abs(rate - 1e-3), 256, 1.0, f"{folder}/{trial.number}-{trial.seed}")


def request(**words: Any) -> Request:
    return request_of(QUICK, SETTINGS, **{"trials": 12, "seeds": 2, **words})


def run(asked: Request, folder: Path, pool: FakePool, jobs: int = 3, **words: Any) -> list[Tried]:
    with Journal(folder / JOURNAL) as journal:
        made = Course(asked, folder, journal, **words)
        made.run(pool, jobs, lambda running: None)
        return made.trials


def test_every_trial_is_its_suggestion_and_the_mean_of_its_seeds(tmp_path: Path) -> None:
    pool, told = FakePool(scored), []
    tried = run(request(), tmp_path, pool, tell=told.append)
    assert sorted(told, key=lambda each: each.number) == tried
    assert [each.number for each in told] != [each.number for each in tried]
    for number, each in enumerate(tried):
        assert each.settings == suggestion("random", request().space, 0, number, [], "up")
        far = abs(each.settings["learner.learning_rate"] - 1e-3)
        assert each.score == pytest.approx(0.5 - far)
        assert (each.steps, each.seconds, each.pruned, each.error) == (512, 2.0, None, None)
        assert each.path == each.runs[0] == f"{tmp_path / RUNS}/{number}-0"
    best = best_of(tried, "up")
    assert best is not None
    assert best.score == max(each.score or 0 for each in tried)
    assert best_of(tried, "down") != best
    assert run(request(), tmp_path, FakePool(lambda trial, folder: pytest.fail("trained again"))) == tried


def cut_at(moment: int, monkeypatch: pytest.MonkeyPatch, pool: FakePool) -> None:
    """Raise Cut at the moment-th event: before or after a row of the journal, before or after a training."""
    left = [moment]

    def event() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Cut

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            event()
            value = function(*args)
            event()
            return value

        return counted

    monkeypatch.setattr(Journal, "ask", counting(Journal.ask))
    monkeypatch.setattr(Journal, "tell", counting(Journal.tell))
    pool.work = counting(pool.work)


@pytest.mark.parametrize("method", ["random", "grid"])
def test_cut_off_anywhere_it_goes_on_to_the_same(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"gamma": "0.9,0.95", "num_epochs": "1,2"} if method == "grid" else SETTINGS
    asked = request_of(QUICK, settings, method=method, trials=None if method == "grid" else 4, seeds=2)

    def work(trial: Trial, folder: Path) -> Result:
        return scored(trial, tmp_path)

    whole = run(asked, tmp_path / "whole", FakePool(work), jobs=2)
    rng, cuts = random.Random(0), 0
    for chain in range(12):
        folder, told, tried = tmp_path / str(chain), set[int](), list[Tried]()
        while not tried:
            pool = FakePool(work)
            with monkeypatch.context() as patched:
                cut_at(rng.randrange(25), patched, pool)
                try:
                    tried = run(asked, folder, pool, jobs=2)
                except Cut:
                    cuts += 1
            assert not told & {trial.number for trial in pool.begun}  # what is told is not begun again
            with Journal(folder / JOURNAL) as journal:
                told = {each.number for each in journal.told()}
                assert told <= set(journal.asked())
        assert tried == whole
    assert cuts > 12


def test_tpe_is_asked_with_what_had_been_told_then(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    asked = request(method="tpe", trials=14, seeds=1)
    tried = run(asked, tmp_path, FakePool(scored), jobs=1)
    for number in (3, 13):
        told = [(each.settings, each.score) for each in tried[:number]]
        assert tried[number].settings == suggestion("tpe", asked.space, 0, number, told, "up")


def test_trials_of_the_same_settings_are_trained_once(tmp_path: Path) -> None:
    asked = request_of(QUICK, {"gamma": "0.9,0.95"}, trials=10)
    pool = FakePool(scored)
    tried = run(asked, tmp_path, pool)
    assert len(pool.begun) == 2
    owners = {each.settings["learner.gamma"]: each for each in tried if each.same_as is None}
    for each in tried:
        owner = owners[each.settings["learner.gamma"]]
        assert each.same_as in (None, owner.number)
        assert (each.score, each.runs) == (owner.score, owner.runs)
        assert each.steps == (256 if each is owner else 0)


def test_what_failed_is_said_and_tried_again(tmp_path: Path) -> None:
    def failing(trial: Trial, folder: Path) -> Result:
        if trial.number == 3 and trial.seed == 1:
            return Result(1, error="the disk is full")
        return scored(trial, folder)

    tried = run(request(), tmp_path, FakePool(failing))
    assert (tried[3].score, tried[3].error) == (None, "seed 1: the disk is full")
    assert best_of(tried[3:4], "up") is None
    pool = FakePool(scored)
    again = run(request(), tmp_path, pool)
    assert {trial.number for trial in pool.begun} == {3}
    assert again[3].error is None
    assert again[:3] + again[4:] == tried[:3] + tried[4:]


def test_settings_that_do_not_go_together_are_a_failure_of_their_trial(tmp_path: Path) -> None:
    settings = {"surrogate": "clip,kl_penalty", "target_kl": "none,0.02"}  # a penalty needs a target
    asked = request_of(QUICK, settings, {"target_kl": 0.02}, method="grid")
    tried = run(asked, tmp_path, FakePool(scored))
    failed = [each for each in tried if each.error]
    assert [each.settings for each in failed] == [{"learner.surrogate": "kl_penalty", "learner.target_kl": None}]
    assert "expected" in str(failed[0].error)


def test_it_gives_up_where_all_fail(tmp_path: Path) -> None:
    pool = FakePool(lambda trial, folder: Result(trial.seed, error="the disk is full"))
    with pytest.raises(PalestraError, match="10 trials in a row failed, the last with: seed 0: the disk is full"):
        run(request(trials=40, seeds=1), tmp_path, pool)
    assert len(pool.begun) <= 13


def test_a_stop_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[StopRequest] = []

    class Stop(StopRequest):
        def __enter__(self) -> "Stop":
            stops.append(self)
            return self

    monkeypatch.setattr(course, "StopRequest", Stop)

    def stopping(trial: Trial, folder: Path) -> Result:
        if trial.number == 4:
            stops[-1].signal = 15  # type: ignore[assignment]
            return Result(trial.seed, error="interrupted")
        return scored(trial, folder)

    with pytest.raises(Stopped):
        run(request(), tmp_path, FakePool(stopping))
    assert run(request(), tmp_path, FakePool(scored)) == run(request(), tmp_path / "whole", FakePool(
        lambda trial, folder: scored(trial, tmp_path / RUNS)
    ))  # fmt: skip


def test_a_worker_that_was_left_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(trials=1, seeds=1)
    with Journal(tmp_path / JOURNAL) as journal:
        journal.ask(0, suggestion("random", asked.space, 0, 0, [], "up"))
        trial = asked.trial(tmp_path, 0, journal.asked()[0], 0)
    with Run.create(tmp_path / RUNS, "toy", "quick", 0, trial.plan().to_json()) as made:
        path = made.path
    lock = RunLock(path)
    ticks: list[list[str]] = []

    def tick(running: list[str]) -> None:
        ticks.append(running)
        if len(ticks) == 3:
            lock.release()

    with Journal(tmp_path / JOURNAL) as journal:
        Course(asked, tmp_path, journal).run(FakePool(scored), 1, tick)
    assert ticks[0] == ["toy/quick seed 0, which another process is saving"]
    assert len(ticks) == 3
