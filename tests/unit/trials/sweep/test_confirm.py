"""The honest figure: fresh seeds, the default beside it, and a winner only where the rules of compare name one."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.recipes.recipe import Claim, Recipe
from palestra.runs.store import Run
from palestra.trials.plan import resolve
from palestra.trials.sweep import confirm as module
from palestra.trials.sweep.confirm import confirm
from palestra.trials.sweep.request import CONFIRMED, request_of
from palestra.trials.trial import Result
from palestra.trials.verify import Verification, judged

CLAIM = Claim(5.0, "the test", count=5)


def trained(recipe: Recipe, overrides: dict[str, Any], **words: Any) -> Verification:
    """In place of trainings: 10 and more with a gamma of 0.5, less than 10 with any other."""
    plan = resolve(recipe, overrides)
    results = []
    for seed in range(words["first"], words["first"] + words["seeds"]):
        value = seed + (10.0 if plan.learner.settings.gamma == 0.5 else -10.0)
        config = plan.override({"seed": seed}).to_json()
        with Run.create(Path(words["out"]), "toy", "quick", seed, config) as run:
            run.metrics.add(256, {"eval/return_mean": value})
            measured = {"metric": "eval/return_mean", "count": 100, "value": value}
            run.update_manifest(status="finished", steps=256, measured=measured)
        results.append(Result(seed, value, 256, run=str(run.path)))
        words["tell"](recipe, results[-1])
    return judged(recipe, tuple(results))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []

    def noted(recipe: Recipe, overrides: dict[str, Any], **words: Any) -> Verification:
        calls.append((overrides, words["first"], words["seeds"], words["out"]))
        return trained(recipe, overrides, **words)

    monkeypatch.setattr(module, "train_seeds", noted)
    return calls


def confirmed(folder: Path, settings: dict[str, Any], claim: Claim | None = CLAIM, **words: Any) -> Any:
    request = request_of(
        QUICK, {"gamma": "0.5,0.99"}, {"num_epochs": 2}, **{"seeds": 3, "first": 4, "confirm": 5, **words}
    )
    told: list[Any] = []
    found = confirm(
        request, claim, settings, folder, jobs=1, pool="local",
        tell=lambda side, recipe, result: told.append((side, result.seed)), tick=lambda running: None,
    )  # fmt: skip
    return found, told


def test_both_sides_are_trained_on_seeds_that_chose_nothing(tmp_path: Path, asked: list[Any]) -> None:
    found, told = confirmed(tmp_path, {"learner.gamma": 0.5})
    assert found.seeds == (7, 8, 9, 10, 11)
    assert told == [(side, seed) for side in ("best", "default") for seed in found.seeds]
    assert asked == [
        ({"num_epochs": 2, "learner.gamma": 0.5}, 7, 5, tmp_path / CONFIRMED),
        ({"num_epochs": 2}, 7, 5, tmp_path / CONFIRMED),
    ]
    assert found.comparison.winner == "best"
    assert found.why.startswith("winner: best; both intervals favour it against every other side, provisionally")
    assert found.best.said.startswith("IQM 19 [")
    assert found.default.settings == {}


def test_a_claim_is_held_against_both_where_it_is_of_the_same_training(tmp_path: Path, asked: list[Any]) -> None:
    request = request_of(QUICK, {"gamma": "0.5,0.99"}, confirm=5)
    words: dict[str, Any] = {"jobs": 1, "pool": "local", "tell": lambda *_: None, "tick": lambda running: None}
    found = confirm(request, CLAIM, {"learner.gamma": 0.5}, tmp_path / "a", **words)
    assert found.best.said.startswith("held 5/5, IQM 13 [")
    assert found.default is not None
    assert found.default.said.startswith("not held 0/5")
    for other in (
        None,
        dataclasses.replace(CLAIM, metric="eval/length_mean"),
        dataclasses.replace(CLAIM, split="5-fold"),
    ):
        found = confirm(request, other, {"learner.gamma": 0.5}, tmp_path / str(other), **words)
        assert found.best.said.startswith("IQM 13 [")


def test_the_best_may_be_the_default(tmp_path: Path, asked: list[Any]) -> None:
    found, _ = confirmed(tmp_path, {"learner.gamma": 0.99})
    assert (found.default, found.comparison, len(asked)) == (None, None, 1)
    assert found.why == "the best settings are the default's"


def test_few_seeds_have_no_winner_and_a_failed_one_no_verdict(
    tmp_path: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = confirmed(tmp_path / "few", {"learner.gamma": 0.5}, confirm=4)
    assert found.comparison.winner is None
    assert found.why.startswith("no winner; too few seeds")

    def failing(recipe: Recipe, overrides: dict[str, Any], **words: Any) -> Verification:
        return judged(recipe, (Result(7, 1.0), Result(8, error="it fell")))

    monkeypatch.setattr(module, "train_seeds", failing)
    found, _ = confirmed(tmp_path / "failed", {"learner.gamma": 0.5})
    assert (found.best.verdict, found.comparison) == (None, None)
    assert found.best.said == "a training failed: it fell"
    assert found.why == "a training failed; the same command tries again"
