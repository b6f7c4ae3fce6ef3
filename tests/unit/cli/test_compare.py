"""``palestra compare``: what was found, and whether there is a winner."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick import QUICK

from palestra.cli.compare import command
from palestra.cli.main import main
from palestra.recipes.registry import RECIPES
from palestra.trials import compare, verify
from palestra.trials.compare import Comparison, Group
from palestra.trials.pairs import Pair
from palestra.trials.trial import Result

SIDES = [
    Group(
        name,
        "CartPole-v1",
        "eval/return_mean",
        "a measure",
        np.array(values),
        (),
        "eval/return_mean",
        "steps",
        256,
        "up",
    )
    for name, values in (("one", [1.0, 2.0, 3.0]), ("other", [7.0, 8.0, 9.0]))
]
PAIR = Pair("one", "other", 0.0, (0.0, 0.25), -6.0, (-7.0, -5.0), "other")


@pytest.mark.parametrize("winner", ["other", None])
def test_a_winner_is_named_with_the_reason(
    winner: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Comparison(tuple(SIDES), "a measure", (PAIR,), 0.95, winner, "because", ("a note",))
    asked: list[Any] = []
    monkeypatch.setattr(compare, "compare", lambda *sides, **words: asked.append((sides, words)) or done)
    monkeypatch.setattr(compare, "draw", lambda comparison, path: path)
    argv = ["compare", "one", "other", "--plot", str(tmp_path / "it.png"), "--out", "here", "--verified", "there"]
    assert command(argv[1:]) == 0
    out = capsys.readouterr().out
    assert ("winner  other: because" if winner else "no winner  because") in out
    assert "probability of improvement  0.00  [0.00, 0.25]" in out
    assert "a note" in out
    assert main([*argv, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["winner"], printed["why"], printed["sides"][0]["values"]) == (winner, "because", [1.0, 2.0, 3.0])
    assert printed["pairs"][0]["better"] == "other"
    assert asked == [((("one", "other"),), {"out": Path("here"), "verified": Path("there")})] * 2


def test_recipes_are_verified_first_where_a_pool_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    said: list[Any] = []
    results = (Result(0, 7.0, 256, 1.0), Result(1, 8.0, 256, 1.0))

    def verified(recipes: list[Any], **words: Any) -> list[verify.Verification]:
        said.append((recipes, words["seeds"], words["jobs"], words["pool"], words["out"]))
        words["tell"](QUICK, results[0])
        return [verify.judged(QUICK, results)]

    done = Comparison(tuple(SIDES), "a measure", (PAIR,), 0.95, "other", "because", ())
    monkeypatch.setattr(verify, "verify", verified)
    monkeypatch.setattr(compare, "compare", lambda *sides, **words: said.append("compared") or done)
    monkeypatch.setattr(compare, "draw", lambda comparison, path: path)
    argv = ["compare", QUICK.id, "other", "--verified", "there"]
    assert main([*argv, "--pool", "slurm@/common", "--seeds", "2", "--json"]) == 0
    assert said == [([QUICK], 2, 16, "slurm@/common", Path("there")), "compared"]
    printed = capsys.readouterr()
    assert json.loads(printed.out)["winner"] == "other"
    assert "toy/quick  seed 0" in printed.err
    results = (Result(0, error="it fell"),)
    assert main([*argv, "--pool", "local:2"]) == 1
    assert said[2:] == [([QUICK], None, 2, "local", Path("there"))]
    assert "toy/quick seed 0 failed" in capsys.readouterr().err

    def stopped(*_: Any, **__: Any) -> None:
        raise verify.Stopped(15)

    monkeypatch.setattr(verify, "verify", stopped)
    assert main([*argv, "--pool", "local"]) == 143


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--seeds", "2"], "--seeds 2 without --pool; expected both"),
        (["--jobs", "2"], "--jobs 2 without --pool; expected both"),
        (["--pool", "local", "--seeds", "0"], "--seeds 0; expected from 1 to 10,000"),
        (["--pool", "local"], "--pool local without a recipe among the sides"),
    ],
)
def test_what_cannot_be_trained_first_is_refused(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "one", "other", *argv]) == 2
    assert said in capsys.readouterr().err
