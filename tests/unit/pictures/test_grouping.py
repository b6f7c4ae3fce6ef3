"""The picture and the film of centres on their way: a look for each pass, and rows in the colours of their groups."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from palestra.pictures.codes import CLASS_COLORS
from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.grouping import Grouping, GroupingFilm, frames


def shown(kind: Any, looks: int = 3) -> Any:
    points = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    groups = np.array([[0, 1, 1]] * looks)
    centres = np.zeros((looks, 2, 2)) + np.arange(looks)[:, None, None]
    return kind("title", "below", points, groups, centres)


def test_a_sheet_and_a_film_are_written(tmp_path: Path, figures: list[Figure]) -> None:
    sheet, film = draw_exhibits([shown(Grouping), shown(GroupingFilm)], tmp_path / "plots")
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert film.stem == "groups"
    assert film.suffix in (".mp4", ".webp")
    looks = figures[0].axes
    assert [axes.get_title("left") for axes in looks] == ["the start", "after 1 pass", "after 2 passes"]
    colors = [to_hex(points.get_facecolor()[0]) for points in looks[0].collections]  # type: ignore[index]
    assert colors == [CLASS_COLORS[0], CLASS_COLORS[0], CLASS_COLORS[1], CLASS_COLORS[1]]
    assert [len(line.get_xdata()) for line in looks[2].lines] == [3, 3]  # type: ignore[arg-type]


def test_of_many_passes_eight_are_on_the_sheet(tmp_path: Path, figures: list[Figure]) -> None:
    draw_exhibits([shown(Grouping, 1), shown(Grouping, 30)], tmp_path)
    assert [len(figure.axes) for figure in figures] == [1, 8]
    assert figures[1].axes[-1].get_title("left") == "after 29 passes"


def test_a_film_has_a_frame_for_each_pass_and_stays_at_its_end() -> None:
    film = [*frames(shown(GroupingFilm, 4))]
    assert len(film) == 4 + 6
    assert {(frame.shape, str(frame.dtype)) for frame in film} == {((600, 600, 3), "uint8")}
    assert not np.array_equal(film[0], film[1])
    assert np.array_equal(film[3], film[-1])
