"""Pictures of codes: images of any kind and points of any number of classes become a PNG."""

from pathlib import Path

import numpy as np

from palestra.pictures.codes import CodeMap, Reconstructions
from palestra.pictures.gallery import draw_exhibits


def test_images_and_points_are_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey, points = rng.integers(0, 256, (3, 5, 5)), rng.normal(size=(40, 2))
    exhibits = [
        Reconstructions("grey", {"as they are": grey, "again": grey / 2}),
        CodeMap("named", "below", points, np.arange(40) % 12, ("zero", "$one")),
    ]
    drawn = draw_exhibits(exhibits, tmp_path / "plots")
    assert [path.name for path in drawn] == ["reconstructions.png", "codes.png"]
    more = [Reconstructions("one colour", {"all": np.zeros((2, 4, 4, 3))}), CodeMap("none", "", points, None, ())]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in [*drawn, *draw_exhibits(more, tmp_path / "plots")])
