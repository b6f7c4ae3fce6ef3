"""Pictures of data: whole PNGs, in which the images and the shares are where they should be."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from palestra.pictures.data import Bars, Grid, Spread, draw_data, level_bars


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_grid_shows_its_images(tmp_path: Path) -> None:
    red, green = (np.zeros((3, 8, 8, 3), np.uint8) for _ in range(2))
    red[..., 0], green[..., 1] = 255, 255
    bars = Bars("share", ["red", "green"], {"train": np.array([0.5, 0.5]), "test": np.array([0.1, 0.9])})
    drawn = pixels(draw_data(tmp_path / "a.png", "Toy", "colours", [Grid({"red": red, "green": green}), bars]))
    assert drawn.shape[1] == 1600
    seen = {tuple(colour) for colour in drawn.reshape(-1, 3)[::7]}
    assert {(255, 0, 0), (0, 255, 0), (255, 255, 255)} <= seen
    left, right = drawn[:, :800], drawn[:, 800:]
    assert (left == (255, 0, 0)).all(-1).any()
    assert not (right == (255, 0, 0)).all(-1).any()


@pytest.mark.parametrize("largest", [1.0, 16, 255])
def test_grey_images_of_any_range_are_seen(tmp_path: Path, largest: float) -> None:
    kind = np.float32 if largest == 1.0 else np.uint8
    images = np.linspace(0, largest, 64).reshape(1, 8, 8).astype(kind)
    drawn = pixels(draw_data(tmp_path / "a.png", "Toy", "", [Grid({"a": images})]))
    grey = drawn[(drawn[..., 0] == drawn[..., 1]) & (drawn[..., 1] == drawn[..., 2])]
    assert grey.min() < 20
    assert len(np.unique(grey)) > 20  # not all black


def test_columns_of_a_table(tmp_path: Path) -> None:
    panels = [
        Spread("price", np.arange(100.0) * 1e4, "to be predicted", strong=True),
        Spread("nothing", np.empty(0), "9 missing"),
        level_bars("kind", ["$a", "b" * 50], np.array([3, 7]), 12, "2 missing"),
        *(Spread(f"column {i}", np.arange(9.0)) for i in range(4)),
    ]
    drawn = pixels(draw_data(tmp_path / "a.png", "Toy", "a table", panels))
    assert drawn.shape[1] == 1600
    for colour in ((0x25, 0x63, 0xEB), (0xF5, 0x9E, 0x0B)):  # the others' blue, and what is predicted
        assert (drawn == colour).all(-1).sum() > 1_000


def test_the_most_frequent_words_and_one_bar_for_the_others() -> None:
    bars = level_bars("kind", [*"abcdefghijkl"], np.arange(12), 66)
    assert bars.names == [*"lkjihgfe", "4 others"]
    assert bars.shares[""].sum() == pytest.approx(1)
    assert bars.shares[""][0] == pytest.approx(11 / 66)
    assert level_bars("kind", [*"abcdefghi"], np.arange(9), 36).names == [*"ihgfedcba"]  # no "1 others"
