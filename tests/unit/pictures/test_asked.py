"""The picture of what was asked for shows every episode, and the line on which they should lie."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from palestra.pictures.asked import Asked, draw_asked


def test_every_episode_stands_above_what_was_asked_for(tmp_path: Path, figures: list[Figure]) -> None:
    wanted, made = np.array([0.0, 5.0]), np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 8.0]])
    path = draw_asked(tmp_path / "plots" / "asked.png", Asked("a title", wanted, made, np.array([-1.0, 9.0])))
    assert path.read_bytes().startswith(b"\x89PNG")
    (axes,) = figures[0].axes
    as_asked, mean, recorded = axes.lines
    assert [*as_asked.get_xdata()] == [*as_asked.get_ydata()] == [-1, 9]
    assert mean.get_ydata().tolist() == [2, 6]
    assert recorded.get_xdata().tolist() == [-1, 9]
    (episodes,) = axes.collections
    assert episodes.get_offsets().tolist() == [[0, 1], [0, 2], [0, 3], [5, 5], [5, 5], [5, 8]]
    assert figures[0].texts[0].get_text() == "a title"
