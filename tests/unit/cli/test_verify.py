"""``palestra verify``: a line a seed, a verdict, and an exit status that says whether every claim is held."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK
from rich.console import Console

from palestra.cli.main import main
from palestra.cli.verify import print_result, print_verification
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials import verify
from palestra.trials.trial import Result


def found(*values: float | None) -> verify.Verification:
    trials = (Result(seed, value, 256, 1.5, error=None if value else "it fell") for seed, value in enumerate(values))
    return verify.judged(QUICK, tuple(trials))


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ([501.0] * 10, 0, "held"),
        ([501.0] * 2, 1, "not enough evidence, 2 of at least 5 seeds"),
        ([9.0] * 10, 1, "not held"),
        ([501.0] * 9 + [None], 1, "none: seed 9 failed"),
    ],
    ids=["held", "too few", "not held", "failed"],
)
def test_the_status_says_whether_the_claim_is_held(
    values: list[float | None], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    done, asked = found(*values), []

    def verified(recipes: list[Recipe], **words: Any) -> list[verify.Verification]:
        asked.append((recipes, words["seeds"], words["jobs"], words["pool"]))
        words["tell"](QUICK, done.trials[-1])
        return [done]

    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    monkeypatch.setattr(verify, "verify", verified)
    argv = ["verify", QUICK.id, QUICK.id, "--seeds", "10", "--jobs", "1", "--out", str(tmp_path)]
    assert main(argv) == status
    out = capsys.readouterr().out
    assert said in out
    assert f"toy/quick  seed {len(values) - 1}" in out
    assert main([*argv, "--json"]) == status
    (facts,) = json.loads(capsys.readouterr().out.splitlines()[-1])["recipes"]
    assert [trial["value"] for trial in facts["trials"]] == values
    assert asked == [([QUICK], 10, 1, "local")] * 2  # one that is named twice is verified once


def test_a_stop_is_128_and_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise verify.Stopped(15)

    monkeypatch.setattr(verify, "verify", stopped)
    assert main(["verify", "cartpole/ppo", "--out", str(tmp_path)]) == 143
    assert "the same command goes on" in capsys.readouterr().out


def test_a_seed_is_one_line() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for result in (Result(3, 501.0, seconds=2.0, exact=False), Result(4, 1.0, reused=True), Result(5, error="it fell")):
        print_result(console, QUICK, result)
    one, two, three = console.export_text().splitlines()
    assert one.split() == ["toy/quick", "seed", "3", "501", "reached", "2", "s", "(a", "resume", "was", "not", "exact)"]
    assert two.split() == ["toy/quick", "seed", "4", "1", "not", "reached", "there", "already"]
    assert three == "toy/quick  seed 5   failed: it fell"


def test_an_estimator_is_verified_without_a_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def verified(recipes: list[Recipe], **words: Any) -> list[verify.Verification]:
        asked.append((recipes[0].id, recipes[0].learner, recipes[0].budget, words["overrides"], words["seeds"]))
        return [verify.judged(recipes[0], tuple(Result(seed, 0.9 + seed / 100, 1) for seed in range(5)))]

    monkeypatch.setattr(verify, "verify", verified)
    argv = ["verify", "--estimator", "RandomForestClassifier", "--data", "iris", "--seeds", "5", "--jobs", "1"]
    assert main([*argv, "--set", "n_estimators=7", "--out", str(tmp_path)]) == 0  # all that was asked is a measure
    assert asked == [("iris/randomforestclassifier", "library-classifier", 7, {"n_estimators": "7"}, 5)]
    out = capsys.readouterr().out
    assert "eval/accuracy of the last checkpoint" in out
    assert "none: points only" in out


@pytest.mark.parametrize(
    ("name", "jobs", "pool"),
    [("local:3", 3, "local"), ("together:4", 4, "together"), ("ray:there@/common", 16, "ray:there@/common")],
)
def test_a_pool_is_passed_on(name: str, jobs: int, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def verified(recipes: list[Recipe], **words: Any) -> list[verify.Verification]:
        asked.append((words["jobs"], words["pool"]))
        return [found(501.0)]

    monkeypatch.setattr(verify, "verify", verified)
    assert main(["verify", "cartpole/ppo", "--out", str(tmp_path), "--pool", name]) == 1
    assert asked == [(jobs, pool)]


def test_a_known_optimum_makes_a_line_of_the_regret() -> None:
    known = dataclasses.replace(QUICK, optimum=505.0, optimum_source="looking")
    done, console = found(*[501.0] * 5), Console(file=io.StringIO(), width=120, color_system=None)
    print_verification(console, done)
    assert "regret" not in console.file.getvalue()
    print_verification(console, dataclasses.replace(done, recipe=known))
    assert "regret    4 short of the optimum of 505, by looking\n" in console.file.getvalue()
