"""The tour of blocks runs, from top to bottom, and everything that it asserts holds."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import palestra

PAGE = Path(palestra.__file__).resolve().parents[2] / "docs" / "blocks.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tour_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program: dict[str, Any] = {"__name__": "blocks"}
    pieces = CODE.findall(PAGE.read_text())
    for number, piece in enumerate(pieces):
        exec(compile(piece, f"{PAGE.name}, piece {number}", "exec"), program)
    assert len(pieces) >= 10
    assert {path.name for path in tmp_path.iterdir()} == {"graph.png", "tied.safetensors"}


def test_every_piece_asserts() -> None:
    for piece in CODE.findall(PAGE.read_text()):
        assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(piece))), piece
