"""Rows of pictures: each in its row, with what stands below it, and no more than there is room for."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.tiles import COLUMNS, Mistakes, Sight, Strip, Tile


def test_each_row_holds_its_pictures(tmp_path: Path, figures: list[Figure]) -> None:
    gray, colour = np.arange(6.0).reshape(2, 3), np.zeros((2, 2, 3), np.uint8)
    strips = [
        Strip("above", [Tile(gray, "a $", signed=True), Tile(colour)]),
        Strip("below", [Tile(gray)] * (COLUMNS + 1)),
    ]
    assert draw_exhibits([Mistakes("wrong", strips)], tmp_path) == [tmp_path / "mistakes.png"]
    assert draw_exhibits([Sight("seen", strips[:1])], tmp_path) == [tmp_path / "sight.png"]
    axes = figures[0].axes
    assert len(axes) == 2 + COLUMNS
    assert axes[0].get_xlabel() == "a $"
    assert axes[0].images[0].get_clim() == (-5.0, 5.0)  # 0 in the middle
    assert axes[0].get_position().y0 > axes[2].get_position().y1  # one row below the other
    assert [text.get_text() for text in figures[0].texts] == ["wrong", "above", "below"]
