"""A sheet and a film of looks: what each is called, and how long the film stays."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from palestra.pictures.sheet import draw_sheet, film, without_ticks


def draw(axes: Axes, look: int) -> None:
    axes.clear()
    axes.plot([0, look])
    without_ticks(axes)


def test_the_first_and_the_last_look_are_among_those_on_a_sheet(tmp_path: Path, figures: list[Figure]) -> None:
    draw_sheet(tmp_path / "sheet.png", "title", "said", 20, draw, lambda look: f"look {look}")
    titles = [axes.get_title("left") for axes in figures[0].axes]
    assert len(titles) == 8
    assert (titles[0], titles[-1]) == ("look 0", "look 19")
    assert {"title", "said"} == {text.get_text() for text in figures[0].texts}
    assert all(not axes.get_xticks().size and not axes.get_yticks().size for axes in figures[0].axes)


def test_a_film_has_a_frame_for_each_look_and_stays_at_its_end() -> None:
    shown = [*film(3, draw, str, 2)]
    assert [frame.shape for frame in shown] == [(600, 600, 3)] * 5
    assert not np.array_equal(shown[0], shown[1])
    assert np.array_equal(shown[2], shown[4])
