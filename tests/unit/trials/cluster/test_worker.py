"""The process of one trial on a cluster: it has the lease, or it says nothing."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run
from quick import QUICK

from palestra.errors import PalestraError
from palestra.runs.depot import FolderDepot
from palestra.runs.lease import LeaseLostError, Waiter, claims
from palestra.runs.shipping import fetch
from palestra.runs.store import Run
from palestra.trials.cluster import worker
from palestra.trials.cluster.worker import RESULT, STOP, TRIAL, result_of, work
from palestra.trials.train import Interrupted
from palestra.trials.trial import Result, Trial

ROOT, LAUNCH, EXPIRY = "0123", "launched", 5.0


@pytest.fixture
def depot(tmp_path: Path) -> FolderDepot:
    made = FolderDepot(tmp_path / "depot")
    made.make()
    made.put(f"{ROOT}/{TRIAL}", json.dumps(Trial(QUICK, 3).to_json()).encode())
    return made


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(worker.os, "kill", lambda pid, number: sent.append(number))
    return sent


def test_a_trial_is_trained_sent_and_said(depot: FolderDepot, tmp_path: Path) -> None:
    result = work(depot, ROOT, LAUNCH, EXPIRY)
    assert result is not None
    assert (result.seed, result.steps, result.error, result.exact) == (3, 256, None, True)
    assert result_of(depot, ROOT) == result
    (claim,) = claims(depot, ROOT)
    assert claim.note == LAUNCH
    assert depot.get(f"{claim.place(ROOT)}/left") is None
    came = fetch(depot, ROOT, tmp_path)
    assert came is not None
    assert Run.open(came, tmp_path).status == "finished"
    assert Run.open(came, tmp_path).config == Trial(QUICK, 3).plan().to_json()
    assert work(depot, ROOT, LAUNCH, EXPIRY) is None  # it is finished
    assert len(claims(depot, ROOT)) == 1


@pytest.mark.parametrize("how", ["stop", "gone"])
def test_who_is_not_to_begin_does_not(how: str, depot: FolderDepot) -> None:
    if how == "stop":
        depot.put(f"{ROOT}/{STOP}/{LAUNCH}", b"")
    else:
        depot.remove(f"{ROOT}/{TRIAL}")
    assert work(depot, ROOT, LAUNCH, EXPIRY) is None
    assert claims(depot, ROOT) == []


def test_what_fails_is_said_and_not_tried_again(depot: FolderDepot, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, said in ((PalestraError("it fell"), "it fell"), (KeyError("x"), "KeyError: 'x'")):

        def fall(trial: Trial, folder: Path, error: Exception = error) -> Result:
            raise error

        monkeypatch.setattr(worker, "attempt", fall)
        assert work(depot, ROOT, LAUNCH, EXPIRY) == Result(3, error=said)
        depot.remove_all(f"{ROOT}/lease")


def stopped(trial: Trial, folder: Path) -> Result:
    """A training that is stopped, and has saved."""
    make_run(folder, trial.seed)
    raise Interrupted(type("Outcome", (), {"path": "there"})())  # type: ignore[arg-type]


def test_one_that_is_stopped_sends_what_it_has_and_gives_the_lease_back(
    depot: FolderDepot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "attempt", stopped)
    assert work(depot, ROOT, LAUNCH, EXPIRY) is None
    assert result_of(depot, ROOT) is None
    assert fetch(depot, ROOT, tmp_path) is not None
    assert Waiter(depot, ROOT).look() is not None  # at once


def taken_over(depot: FolderDepot, signals: list[int]) -> Any:
    """A training within which another one takes the lease; it ends when it is told to."""

    def train(trial: Trial, folder: Path) -> Result:
        make_run(folder, trial.seed)
        depot.create(f"{ROOT}/lease/000002", b"{}")
        deadline = time.monotonic() + 30
        while not signals and time.monotonic() < deadline:
            time.sleep(0.01)
        return Result(trial.seed, 7.0)

    return train


def test_one_that_has_lost_its_lease_is_stopped_and_is_not_heard(
    depot: FolderDepot, monkeypatch: pytest.MonkeyPatch, signals: list[int]
) -> None:
    monkeypatch.setattr(worker, "attempt", taken_over(depot, signals))
    with pytest.raises(LeaseLostError, match="taken over"):
        work(depot, ROOT, LAUNCH, 0.5)
    assert signals == [signal.SIGTERM]
    assert result_of(depot, ROOT) is None
    assert [name for name in depot.names(ROOT) if RESULT in name or "copies" in name] == []


def test_one_that_is_asked_to_stop_is_stopped_once(
    depot: FolderDepot, monkeypatch: pytest.MonkeyPatch, signals: list[int]
) -> None:
    def train(trial: Trial, folder: Path) -> Result:
        depot.put(f"{ROOT}/{STOP}/{LAUNCH}", b"")
        time.sleep(0.7)  # several looks
        return stopped(trial, folder)

    monkeypatch.setattr(worker, "attempt", train)
    assert work(depot, ROOT, LAUNCH, EXPIRY) is None
    assert signals == [signal.SIGTERM]


def test_a_result_counts_only_of_who_had_the_lease(depot: FolderDepot) -> None:
    depot.put(f"{ROOT}/held/000001-stranger/{RESULT}", json.dumps({"seed": 3, "value": 1.0}).encode())
    assert result_of(depot, ROOT) is None
    lease = Waiter(depot, ROOT).look()
    assert lease is not None
    depot.put(f"{lease.place}/{RESULT}", json.dumps({"seed": 3, "value": 2.0}).encode())
    assert result_of(depot, ROOT) == Result(3, 2.0)


def test_the_command_line_names_what_is_tried(
    depot: FolderDepot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(worker, "work", lambda depot, *words: asked.append((depot.url, *words)))
    monkeypatch.setattr(worker, "import_module", asked.append)
    monkeypatch.setattr(worker.sys, "argv", ["worker", depot.url, ROOT, LAUNCH, "7.5", "mine"])
    worker.main()
    assert asked == ["mine", (depot.url, ROOT, LAUNCH, 7.5)]

    def lose(*_: Any) -> None:
        raise LeaseLostError("it is another's")

    monkeypatch.setattr(worker, "work", lose)
    with pytest.raises(SystemExit) as ending:
        worker.main()
    assert ending.value.code == worker.LOST
    assert "it is another's" in capsys.readouterr().err
