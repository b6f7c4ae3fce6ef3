"""Values as YAML, read again by somebody else's parser."""

import math
from typing import Any

import pytest

from palestra.exports.yaml import yaml

VALUES: dict[str, Any] = {
    "plain": "text", "empty": "", "number-like": "1e5", "bool-like": "yes", "date-like": "2026-11-30",
    "quotes": 'a "b" \\ c: #d', "lines": "a\nb\tc", "words": "é 学", "key with: colon": 1, "true": True, "none": None,
    "int": -3, "float": 0.5, "small": 1e-05, "large": 1e22, "mixed": 1.5e-07,
    "nothing": {}, "no items": [], "list": [1, "two", [3, [4]], {"five": 5, "six": {"seven": [8]}}, {}, []],
    "model-index": [{"name": "PPO", "results": [{"task": {"type": "x"}, "metrics": [{"value": "1.00 +/- 0.00"}]}]}],
}  # fmt: skip


def test_a_parser_reads_what_was_written() -> None:
    parser = pytest.importorskip("yaml")
    assert parser.safe_load(yaml(VALUES)) == VALUES
    strange = parser.safe_load(yaml({"inf": math.inf, "minus": -math.inf, "nan": math.nan}))
    assert (strange["inf"], strange["minus"], math.isnan(strange["nan"])) == (math.inf, -math.inf, True)


def test_it_is_laid_out_in_blocks() -> None:
    given = {"a": "x", "b": [{"c": 1, "d": ["e"]}], "f": {"g": 1e-05}}
    assert yaml(given) == 'a: "x"\nb:\n  - c: 1\n    d:\n      - "e"\nf:\n  g: 1.0e-05\n'
