"""Several seeds of one training: what is there is taken, what is not is tried, and a claim stays where it holds."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.errors import UsageError
from palestra.trials import seeds
from palestra.trials.seeds import promised, train_seeds
from palestra.trials.train import train
from palestra.trials.trial import Result, Trial, attempt


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """What is tried, in this process in place of others."""
    begun: list[Trial] = []

    def tried(waiting: Any, *_: Any) -> Iterator[tuple[Trial, Result]]:
        for trial, folder in waiting:
            begun.append(trial)
            yield trial, attempt(trial, folder)

    monkeypatch.setattr(seeds, "tried", tried)
    return begun


def test_each_seed_is_a_run_and_is_not_trained_twice(tmp_path: Path, here: list[Trial]) -> None:
    first = train(QUICK, {"gamma": 0.9, "seed": 4}, out=tmp_path)
    told: list[Result] = []
    done = train_seeds(QUICK, {"gamma": 0.9}, seeds=2, first=4, out=tmp_path, tell=lambda recipe, got: told.append(got))
    assert [trial.seed for trial in here] == [4, 5]  # that of seed 4 was there, and had not been measured
    assert [trial.seed for trial in done.trials] == [4, 5]
    assert done.trials[0].run == first.path
    assert (done.recipe.claim, done.metric, len(told)) == (None, "eval/return_mean", 2)
    again = train_seeds(QUICK, {"gamma": 0.9}, seeds=2, first=4, out=tmp_path)
    assert len(here) == 2
    assert [trial.value for trial in again.trials] == [trial.value for trial in done.trials]
    assert all(trial.reused for trial in again.trials)


def test_a_claim_stays_where_nothing_of_it_changed() -> None:
    assert promised(QUICK, {"checkpoint_every": 1.0, "seed": 7}) == QUICK
    assert promised(QUICK, {"gamma": 0.5}) == dataclasses.replace(QUICK, claim=None)


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    for words, said in (({"seeds": 0}, "seeds=0"), ({"seeds": 1, "jobs": 0}, "jobs=0")):
        with pytest.raises(UsageError, match=said):
            train_seeds(QUICK, {}, out=tmp_path, **words)
