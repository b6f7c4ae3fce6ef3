"""JSON for programs, whole lines for files."""

import json
import math
from pathlib import Path

import pytest

from palestra.cli.output import make_console, print_json, printable


def test_json_is_one_line_that_any_parser_reads(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        {"a": math.nan, "b": [math.inf, (1, -math.inf)], "c": {"d": Path("x/y"), 3: None}, "e": "l\nm", "f": True}
    )
    out = capsys.readouterr().out
    assert out.count("\n") == 1

    def refuse(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(out, parse_constant=refuse) == {
        "a": None, "b": [None, [1, None]], "c": {"d": "x/y", "3": None}, "e": "l\nm", "f": True,
    }  # fmt: skip


def test_a_file_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert make_console().width == 140
    monkeypatch.setenv("COLUMNS", "60")
    assert make_console().width == 60


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert printable("a\n b\x1b[2J\u202e\ud800é") == "a b\\x1b[2J\\u202e\\ud800é"
