"""The picture and the film of a boundary: as many looks as there are, in colours that say how certain they are."""

from pathlib import Path
from typing import Any

import numpy as np

from palestra.pictures.boundary import Boundary, BoundaryFilm, coloured, frames
from palestra.pictures.gallery import draw_exhibits


def shown(kind: Any, looks: int = 3) -> Any:
    classes, shares = np.zeros((looks, 4, 4), np.uint8), np.full((looks, 4, 4), 0.9)
    classes[:, :, 2:] = 1
    points, labels = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1])
    clocks = [10 * look for look in range(looks)]
    return kind("title", "samples", clocks, classes, shares, (-1.0, 2.0, -1.0, 2.0), points, labels)


def test_a_sheet_and_a_film_are_written(tmp_path: Path) -> None:
    sheet, film = draw_exhibits([shown(Boundary), shown(BoundaryFilm)], tmp_path / "plots")
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert film.stem == "boundary"
    assert film.suffix in (".mp4", ".webp")
    assert draw_exhibits([shown(Boundary, 1), shown(Boundary, 30)], tmp_path)


def test_a_film_has_a_frame_for_each_look_and_stays_at_its_end() -> None:
    film = [*frames(shown(BoundaryFilm, 4))]
    assert len(film) == 4 + 15
    assert {(frame.shape, str(frame.dtype)) for frame in film} == {((600, 600, 3), "uint8")}
    assert not np.array_equal(film[0], film[1])  # the clock is told
    assert np.array_equal(film[3], film[-1])


def test_what_is_certain_is_stronger_and_of_the_colour_of_its_class() -> None:
    picture = coloured(np.array([[0, 0, 1]]), np.array([[0.5, 1.0, 1.0]]))
    strength = (1 - picture).sum(-1)[0]
    assert strength[0] < strength[1]
    assert picture[0, 1].argmax() == 2  # blue
    assert picture[0, 2].argmax() == 0  # orange
