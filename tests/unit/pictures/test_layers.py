"""Networks layer by layer: a column for what is known, a bar for each layer of which it is."""

from pathlib import Path
from typing import Any

import pytest

from palestra.pictures import chart
from palestra.pictures.layers import Layers, draw_layers

SHOWN = Layers(
    "a title", ["$a", "b"], [6, 3], [1.0, 2.0], [None, None], [None, None], [0.5, 0.25], [0.1, None], [0.0, None]
)


def test_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    def save(figure: Any, path: Path) -> Path:
        drawn.append(figure)
        return path

    monkeypatch.setattr(chart, "save", save)
    assert draw_layers(tmp_path / "a.png", SHOWN) == tmp_path / "a.png"
    columns = drawn[0].axes
    assert [axes.get_title() for axes in columns] == ["weights", "activations", "flat", "dead"]
    assert [bar.get_width() for bar in columns[0].patches] == [1.0, 2.0]
    assert columns[0].get_yticklabels()[0].get_text() == "$a"
    assert [text.get_text() for text in columns[2].texts] == ["0.1", "-"]


def test_a_file_is_written(tmp_path: Path) -> None:
    assert draw_layers(tmp_path / "a.png", SHOWN).read_bytes().startswith(b"\x89PNG")
