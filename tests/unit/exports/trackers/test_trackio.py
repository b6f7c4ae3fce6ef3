"""trackio, by a stand-in that takes what its client takes."""

import sys
from types import ModuleType
from typing import Any

import pytest

from palestra.exports.trackers import trackio


def test_it_is_given_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    stand_in: Any = ModuleType("trackio")
    stand_in.init = lambda project, name=None, config=None: said.append((project, name, config))
    stand_in.log = lambda metrics, step=None: said.append((step, metrics))
    stand_in.finish = lambda: said.append("end")
    monkeypatch.setitem(sys.modules, "trackio", stand_in)
    record = trackio.begin("mine", "a-run", {"learner": {"name": "ppo"}})
    record.log(5, {"train/loss": 0.5})
    record.end(True)
    assert said == [("mine", "a-run", {"learner": {"name": "ppo"}}), (5, {"train/loss": 0.5}), "end"]
