"""A run's numbers on their way into a tracker: all of them, in order, each once."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from palestra.errors import PalestraError, UsageError
from palestra.exports.trackers import tracker as trackers
from palestra.exports.trackers.tracker import flat, library, send, tracker
from palestra.runs.series import read_rows
from palestra.runs.store import Run


class Kept:
    """A tracker that keeps what it is given."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.ended: list[bool] = []

    def begin(self, project: str, name: str, config: Mapping[str, Any]) -> "Kept":
        self.begun.append((project, name, config))
        return self

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.rows.append((step, dict(values)))

    def end(self, finished: bool) -> None:
        self.ended.append(finished)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr(trackers, "tracker", lambda name: made.begin)
    return made


def test_every_number_is_sent_once_and_in_order(quick_run: Path, kept: Kept) -> None:
    sent = send(quick_run, "wandb", project="mine")
    rows = read_rows(quick_run / "metrics.db")
    assert [(step, name, value) for step, row in kept.rows for name, value in row.items()] == rows
    assert [step for step, _ in kept.rows] == sorted({step for step, _, _ in rows})
    assert (sent.values, sent.steps, sent.status, sent.project) == (len(rows), len(kept.rows), "finished", "mine")
    ((project, name, config),) = kept.begun
    assert (project, name, config["learner"]["name"]) == ("mine", quick_run.name, "ppo")
    assert kept.ended == [True]


def test_a_run_that_goes_on_is_followed_to_its_end(tmp_path: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes later for a step that was looked at comes along with it."""
    run = Run.create(tmp_path, "toy", "toy", 0, {})
    looks = 0

    def go_on(pause: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            run.metrics.add(1, {"a": 1.0})
            run.metrics.commit()
        if looks == 2:
            run.metrics.add(1, {"b": 2.0})  # an evaluation of the same step
            run.metrics.add(2, {"a": 3.0})
            run.metrics.commit()
        if looks == 3:
            run.metrics.add(3, {"a": 4.0})
            run.metrics.commit()
            run.update_manifest(status="finished")
            run.close()

    monkeypatch.setattr(trackers, "time", SimpleNamespace(sleep=go_on))
    sent = send(run.path, "mlflow", follow=True)
    assert kept.rows == [(1, {"a": 1.0, "b": 2.0}), (2, {"a": 3.0}), (3, {"a": 4.0})]
    assert (looks, sent.status, kept.ended) == (3, "finished", [True])


def test_one_that_has_recorded_nothing_ends_the_record(tmp_path: Path, kept: Kept) -> None:
    run = Run.create(tmp_path, "toy", "toy", 0, {})
    run.close()
    with pytest.raises(PalestraError, match="has not recorded anything"):
        send(run.path, "trackio")
    assert kept.ended == [False]


def test_a_tracker_that_is_not_here_is_told_with_its_line() -> None:
    with pytest.raises(UsageError, match="unknown tracker 'aim'; nearest: "):
        tracker("aim")
    with pytest.raises(UsageError, match=r"writing to not_here needs the \[not_here\] extra: .* -m pip install"):
        library("not_here")
    assert library("json").__name__ == "json"


def test_a_configuration_is_made_flat() -> None:
    assert flat({"a": {"b": {"c": 1}, "d": [2]}, "e": {}}) == {"a.b.c": 1, "a.d": [2]}
