"""``palestra compare``: what was found, and whether there is a winner."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palestra.cli.compare import command
from palestra.cli.main import main
from palestra.trials import compare
from palestra.trials.compare import Comparison, Group
from palestra.trials.pairs import Pair

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
