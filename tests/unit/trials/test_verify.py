"""Verify: what is there is not trained again, and a verdict hides no seed that failed."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.errors import UsageError
from palestra.recipes.recipe import Claim
from palestra.trials import pool, verify
from palestra.trials.train import train
from palestra.trials.trial import Result
from palestra.trials.verify import default_jobs, seeds_of, write_record


def judged(*values: float | None, threshold: float = 5.0) -> verify.Verification:
    recipe = dataclasses.replace(QUICK, claim=Claim(threshold, "the test", count=5))
    trials = tuple(Result(seed, value, error=None if value else "it fell") for seed, value in enumerate(values))
    return verify.judged(recipe, trials)


def test_a_claim_is_held_or_not_and_a_failed_seed_leaves_no_verdict() -> None:
    assert judged(*[6.0] * 10).ok
    assert not judged(*[4.0] * 10).ok
    failed = judged(*[6.0] * 9, None)
    assert (failed.verdict, failed.ok) == (None, False)
    assert "toy/quick: a seed failed" in failed._repr_html_()
    assert "it fell" in failed._repr_html_()
    assert "toy/quick: held" in judged(*[6.0] * 10)._repr_html_()
    with pytest.raises(UsageError, match="toy/quick has seeds that failed; expected every seed measured"):
        write_record(failed, command="")


def test_what_is_finished_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [train(QUICK, out=tmp_path / "toy-quick", seed=seed) for seed in range(2)]
    monkeypatch.setattr(pool.subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    told: list[Any] = []
    (done,) = verify.verify([QUICK], out=tmp_path, tell=lambda recipe, result: told.append(result))
    assert [trial.value for trial in done.trials] == [outcome.claim["value"] for outcome in outcomes if outcome.claim]
    assert all(trial.reused for trial in done.trials)
    assert tuple(told) == done.trials
    assert (done.metric, done.episodes) == ("eval/return_mean", 5)
    assert done.verdict is not None
    assert (done.verdict.evidence, done.verdict.reached) == ("not enough", 0)


def test_how_many_seeds_and_how_many_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [seeds_of(QUICK, None), seeds_of(QUICK, 4)] == [2, 4]
    assert seeds_of(dataclasses.replace(QUICK, claim=None), None) == verify.DEFAULT_SEEDS
    monkeypatch.setattr(verify, "cores", lambda: 7)
    assert default_jobs([QUICK, dataclasses.replace(QUICK, threads=2)]) == 3
    assert default_jobs([dataclasses.replace(QUICK, threads=16)]) == 1


@pytest.mark.parametrize(
    ("recipes", "words", "said"),
    [
        ([], {}, "no recipe; expected at least one"),
        ([QUICK], {"seeds": 0}, "seeds=0"),
        ([QUICK], {"jobs": 0}, "jobs=0"),
    ],
)
def test_what_makes_no_sense_is_refused(recipes: list[Any], words: dict[str, int], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        verify.verify(recipes, **words)


def test_settings_are_for_what_claims_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="toy/quick, which claims something, with gamma; expected no settings over it"):
        verify.verify([QUICK], overrides={"gamma": 0.5}, out=tmp_path)
    asked: list[Any] = []

    def tried(waiting: Any, *_: Any) -> Any:
        asked.extend(waiting)
        return [(trial, Result(trial.seed, 1.0)) for trial, _ in waiting]

    monkeypatch.setattr(verify, "tried", tried)
    plain = dataclasses.replace(QUICK, claim=None)
    (done,) = verify.verify([plain], seeds=2, overrides={"gamma": "0.5"}, out=tmp_path)
    assert [trial.value for trial in done.trials] == [1.0, 1.0]
    assert [trial.plan().learner.settings.gamma for trial, _ in asked] == [0.5, 0.5]
    assert {folder for _, folder in asked} == {tmp_path / "toy-quick"}
