"""JSON for programs, numbers in words."""

import json
import math
from pathlib import Path

import pytest

from palestra.cli.output import duration, make_console, number, print_json


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


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "-"), (math.nan, "-"), (0.0, "0"), (475.0, "475"), (12.3456, "12.35"), (1e-5, "1e-05"),
     (-1234.5, "-1,234"), (1_000_000, "1,000,000"), (math.inf, "inf"), (1e30, "1e+30")],
)  # fmt: skip
def test_number(value: float | None, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.8412, "0.841 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (125.4, "2 min 05 s"), (3599.7, "1 h 00 min"),
     (12_010, "3 h 20 min")],
)  # fmt: skip
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_file_gets_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert make_console().width == 140
    monkeypatch.setenv("COLUMNS", "60")
    assert make_console().width == 60
