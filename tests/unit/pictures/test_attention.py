"""The picture of attention: each token at its side, dollars and all."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from palestra.pictures.attention import AttentionMaps, Map, draw_attention
from palestra.pictures.gallery import draw_exhibits


def test_what_is_read_stands_above_and_what_is_written_beside(tmp_path: Path, figures: list[Figure]) -> None:
    weights = np.array([[0.2, 0.8], [1.0, 0.0], [0.5, 0.5]])
    shown = AttentionMaps("where", [Map("a$", "x$z", weights), Map("b", "y", np.ones((1, 1)))])
    path = draw_attention(tmp_path / "plots" / "attention.png", shown)
    assert path.read_bytes().startswith(b"\x89PNG")
    first, second = figures[0].axes
    assert [label.get_text() for label in first.get_xticklabels()] == ["a", "$"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["x", "$", "z"]
    np.testing.assert_array_equal(first.images[0].get_array(), weights)
    assert [label.get_text() for label in second.get_yticklabels()] == ["y"]
    assert draw_exhibits([shown], tmp_path) == [tmp_path / "attention.png"]
