"""Weights & Biases, by a stand-in that takes what its client takes."""

import sys
from types import ModuleType
from typing import Any

import pytest

from palestra.exports.trackers import wandb


class Run:
    """Of the client: steps may not go back."""

    def __init__(self, **words: Any):
        self.words, self.rows, self.code, self.step = words, [], -1, -1  # type: ignore[var-annotated]

    def log(self, data: dict[str, Any], step: int | None = None) -> None:
        assert step is not None
        assert step >= self.step
        self.step = step
        self.rows.append((step, data))

    def finish(self, exit_code: int | None = None) -> None:
        self.code = exit_code or 0


@pytest.mark.parametrize(("finished", "code"), [(True, 0), (False, 1)])
def test_it_is_given_a_run_of_its_own(monkeypatch: pytest.MonkeyPatch, finished: bool, code: int) -> None:
    stand_in: Any = ModuleType("wandb")
    stand_in.init = lambda **words: Run(**words)
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    record = wandb.begin("mine", "a-run", {"learner": {"name": "ppo"}})
    record.log(5, {"train/loss": 0.5})
    record.log(9, {"train/loss": 0.25, "eval/return_mean": 7.0})
    record.end(finished)
    assert record.run.words == {"project": "mine", "name": "a-run", "config": {"learner": {"name": "ppo"}}}
    assert record.run.rows == [(5, {"train/loss": 0.5}), (9, {"train/loss": 0.25, "eval/return_mean": 7.0})]
    assert record.run.code == code
