"""Pictures in arrays: every layout is found, what is none is said, and stacks become channels without a mix-up."""

import numpy as np
import pytest
from gymnasium import spaces

from palestra.envs.observed import Observed
from palestra.envs.picture import as_channels, image_layout, laid_out, layout_of
from palestra.errors import UsageError


def space(*shape: int) -> spaces.Box:
    return spaces.Box(0, 255, shape, np.uint8)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((3, 84, 96), (3, 84, 96, False)),
        ((84, 96, 3), (3, 84, 96, True)),
        ((84, 96), (1, 84, 96, False)),
        ((12, 64, 64), (12, 64, 64, False)),
        ((8, 8, 3), (3, 8, 8, True)),
        ((8, 8, 12), (12, 8, 8, True)),
        ((12, 8, 8), (12, 8, 8, False)),
    ],
)
def test_channels_are_found(shape: tuple[int, ...], layout: tuple[int, int, int, bool]) -> None:
    assert image_layout(space(*shape)) == layout


@pytest.mark.parametrize("shape", [(24, 24, 24), (3, 7, 84), (84, 3, 84), (7, 8), (12, 9, 10), (300,), ()])
def test_what_is_no_picture(shape: tuple[int, ...]) -> None:
    assert layout_of(shape) is None
    assert laid_out(space(*shape)) is None
    with pytest.raises(UsageError, match=r"images of shape .*; expected \(C, H, W\), .* at least 8 x 8 pixels"):
        image_layout(space(*shape))
    box = Observed(space(*shape)).space  # numbers, like any others
    assert (box.shape, box.dtype) == (shape, np.float32)


def test_brightness_keeps_the_scale_of_images_and_counts_are_themselves() -> None:
    given = np.array([[0, 51], [102, 255]], np.uint8)
    for high, expected in ((255, [0.0, 0.2, 0.4, 1.0]), (254, [0.0, 51.0, 102.0, 255.0])):
        rows, single = Observed(spaces.Box(0, high, (2, 2), np.uint8)).read(given)
        assert single
        np.testing.assert_allclose(rows.ravel(), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 3, 20, 24), (4, 20, 24, 3)])
def test_pictures_of_a_stack_become_channels_one_or_a_batch(shape: tuple[int, ...]) -> None:
    given = np.random.default_rng(0).integers(256, size=(5, *shape)).astype(np.uint8)
    observed = Observed(space(*shape))
    assert observed.space == space(12, 20, 24)
    rows, single = observed.read(given)
    assert not single
    for row, stack in zip(rows, given, strict=True):
        np.testing.assert_array_equal(observed.read(stack)[0][0], row)
        for n, c in np.ndindex(4, 3):
            picture = stack[n, :, :, c] if shape[-1] == 3 else stack[n, c]
            np.testing.assert_array_equal(row[3 * n + c], picture)
    assert as_channels(given, shape).flags["C_CONTIGUOUS"]


def test_a_stack_that_would_not_be_read_as_channels_stays_numbers() -> None:
    assert laid_out(space(8, 3, 9, 10)) is None  # 24 channels of 9 x 10
    assert laid_out(space(2, 3, 4, 5)) is None
