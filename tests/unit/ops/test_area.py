"""Pictures made smaller by area: against the definition written out, and against OpenCV where it is installed."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from palestra.ops.area import area_resize


def weights(size: int, target: int) -> NDArray[np.float64]:
    """(target, size): which share of each new pixel an old one is."""
    scale = size / target
    begins = np.arange(target)[:, None] * scale
    first = np.arange(size)
    overlap = np.minimum(begins + scale, first + 1) - np.maximum(begins, first)
    return np.clip(overlap, 0, None) / scale


def exact(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float64]:
    """The means, before they are rounded."""
    rows, columns = weights(image.shape[0], height), weights(image.shape[1], width)
    means: NDArray[np.float64] = rows @ image.astype(np.float64) @ columns.T
    return means


def images(count: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, height, width), dtype=torch.uint8, generator=generator)


SIZES = [(210, 160, 84, 84), (210, 160, 42, 42), (210, 160, 64, 64), (250, 160, 84, 84)]
SIZES += [(210, 160, 210, 160), (7, 5, 3, 2), (210, 160, 83, 80)]


@pytest.mark.parametrize(("height", "width", "target_height", "target_width"), SIZES)
def test_a_pixel_is_the_mean_of_what_it_covers(height: int, width: int, target_height: int, target_width: int) -> None:
    given = images(3, height, width)
    made = area_resize(given, target_height, target_width)
    assert made.shape == (3, target_height, target_width)
    assert made.dtype == torch.uint8
    for before, after in zip(given.numpy(), made.numpy(), strict=True):
        means = exact(before, target_height, target_width)
        assert np.array_equal(after, np.floor(means + 0.5 + 1e-9))


def test_white_stays_white_and_a_single_bright_pixel_keeps_its_light() -> None:
    assert (area_resize(torch.full((1, 210, 160), 255, dtype=torch.uint8), 84, 84) == 255).all()
    one = torch.zeros(1, 4, 4, dtype=torch.uint8)
    one[0, 0, 1] = 200
    assert area_resize(one, 2, 2).tolist() == [[[50, 0], [0, 0]]]
    assert area_resize(one, 4, 2).tolist() == [[[100, 0], [0, 0], [0, 0], [0, 0]]]


def test_a_half_is_rounded_up() -> None:
    pair = torch.tensor([[[2, 3]]], dtype=torch.uint8)
    assert area_resize(pair, 1, 1).tolist() == [[[3]]]


def test_what_is_no_smaller_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="210 x 160 as 84 x 161"):
        area_resize(images(1, 210, 160), 84, 161)
    with pytest.raises(ValueError, match="3 dimensions"):
        area_resize(images(1, 4, 4)[0], 2, 2)


@pytest.mark.parametrize("size", [84, 42, 64])
def test_it_is_opencvs_but_for_the_rounding_of_halves(size: int) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    given = images(4, 210, 160, seed=size)
    made = area_resize(given, size, size).numpy().astype(int)
    for before, after in zip(given.numpy(), made, strict=True):
        theirs = cv2.resize(before, (size, size), interpolation=cv2.INTER_AREA).astype(int)
        differs = theirs != after
        assert np.abs(theirs - after).max() <= 1
        means = exact(before, size, size)
        assert (np.abs(means[differs] % 1 - 0.5) < 1e-3).all()
        assert differs.mean() < 0.02
