"""The square of what is taken for what: every count stands in its cell."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from palestra.pictures.confusion import Confusion, Pair, draw_confusion


def test_every_count_stands_where_it_belongs(figures: list[Figure], tmp_path: Path) -> None:
    counts = np.array([[7, 2, 0], [0, 5, 0], [1, 0, 0]])
    shown = Confusion("title", "below", ["a", "$b", "c"], counts, [Pair(0, 1, []), Pair(2, 0, [])])
    assert draw_confusion(tmp_path / "confusion.png", shown).read_bytes().startswith(b"\x89PNG")
    (figure,) = figures
    (axes,) = figure.axes
    placed = {text.get_position(): text.get_text() for text in axes.texts}
    assert placed == {(0, 0): "7", (1, 0): "2", (1, 1): "5", (0, 2): "1"}, "across what it is named, down what it is"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "$b", "c"]
    assert {text.get_text() for text in figure.texts} == {"title", "below"}
