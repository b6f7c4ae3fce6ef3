"""``palestra play``: what is filmed is what was asked for, and the film's place is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from palestra.cli import play
from palestra.cli.main import main
from palestra.trials import film
from palestra.trials.film import Film


def test_what_is_asked_for_is_filmed(
    quick_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def make_film(run: str, **words: Any) -> Film:
        asked.append((run, words))
        return Film(Path("videos/it.mp4"), "CartPole-v1", 30, 50.0, [9.0, 19.5])

    monkeypatch.setattr(film, "make_film", make_film)
    argv = ["play", str(quick_run), "--episodes", "2", "--seed", "4", "--which", "last", "--before"]
    assert main([*argv, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["video"], printed["returns"]) == ("videos/it.mp4", [9.0, 19.5])
    assert play.command(argv[1:]) == 0
    assert capsys.readouterr().out == "return  9, 19.5\nvideo   videos/it.mp4\n"
    words = {"out": Path("runs"), "episodes": 2, "seed": 4, "which": "last", "before": True, "device": None}
    assert asked == [(str(quick_run), words)] * 2
