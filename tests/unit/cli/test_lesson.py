"""``palestra lesson``: the list, a lesson as text and as JSON, and bad usage."""

import json
from pathlib import Path

import pytest

from palestra.cli import lesson as command
from palestra.cli.main import main
from palestra.trials.lessons.lesson import LESSONS

Captured = pytest.CaptureFixture[str]


def test_the_list(capsys: Captured) -> None:
    assert command.command([]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [*LESSONS]
    assert main(["lesson", "--json"]) == 0
    assert [*json.loads(capsys.readouterr().out)["lessons"]] == [*LESSONS]


def test_a_lesson_is_a_table_and_a_picture(capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lesson", "activations"]) == 0
    said = capsys.readouterr().out
    assert "sigmoid" in said
    assert "picture    activations.png" in said
    assert (tmp_path / "activations.png").read_bytes().startswith(b"\x89PNG")
    assert main(["lesson", "activations", "--json", "--out", "other.png"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lesson"], told["picture"], told["rows"][0][0]) == ("activations", "other.png", "ReLU")
    assert len(told["columns"]) == len(told["rows"][0])


def test_bad_usage(capsys: Captured) -> None:
    for argv, said in (
        (["activation"], "unknown lesson 'activation'; nearest: activations"),
        (["activations", "--out", "x.jpg"], "--out x.jpg; expected a name that ends in .png"),
        (["activations", "--seed", "-1"], "seed=-1; expected 0 or more"),
    ):
        assert main(["lesson", *argv]) == 2
        assert said in capsys.readouterr().err
