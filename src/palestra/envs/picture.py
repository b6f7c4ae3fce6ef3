"""How a picture lies in an array of bytes: which of its dimensions are rows and columns, and which are channels."""

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.errors import UsageError

SMALLEST = 8
"""Pixels that a picture has at least in each direction; bytes of fewer are numbers like any others."""

Layout = tuple[int, int, int, bool]
"""Channels, rows and columns, and whether channels come last."""


def layout_of(shape: tuple[int, ...]) -> Layout | None:
    """The layout of a picture of this shape; None where it is none.

    Of (C, H, W) and (H, W, C) it is the one whose channels are fewer than its pixels in either direction, or else the
    one whose picture is square; (H, W) has one channel. Frames of a stack are channels.
    """
    match shape:
        case (height, width):
            found = 1, height, width, False
        case (a, b, c) if a < min(b, c):
            found = a, b, c, False
        case (a, b, c) if c < min(a, b) or a == b != c:
            found = c, a, b, True
        case (a, b, c) if b == c != a:
            found = a, b, c, False
        case _:
            return None
    return found if min(found[1:3]) >= SMALLEST else None


def image_layout(space: spaces.Box) -> Layout:
    """The layout of a space of images. UsageError for a shape that is no picture's."""
    layout = layout_of(space.shape)
    if layout is None:
        raise UsageError(
            f"images of shape {space.shape}; expected (C, H, W), (H, W, C) or (H, W) of at least"
            f" {SMALLEST} x {SMALLEST} pixels, and fewer channels than those or a square picture"
        )
    return layout


def laid_out(space: spaces.Box) -> spaces.Box | None:
    """The space of pictures that a space of bytes is, or becomes once the pictures of a stack are channels.

    None where neither it nor the members of a stack (N, C, H, W) or (N, H, W, C) are pictures.
    """
    if space.dtype != np.uint8:
        return None
    if layout_of(space.shape) is not None:
        return space
    member = layout_of(space.shape[1:]) if len(space.shape) == 4 else None
    if member is None:
        return None
    channels, height, width, _ = member
    shape = space.shape[0] * channels, height, width
    return None if layout_of(shape) != (*shape, False) else spaces.Box(0, 255, shape, np.uint8)


def as_channels(stack: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Stacks (..., N, C, H, W) or (..., N, H, W, C), of a space of ``shape``, with their pictures as channels."""
    lead = stack.shape[: stack.ndim - len(shape)]
    _, height, width, last = image_layout(spaces.Box(0, 255, shape[1:], np.uint8))
    first = np.moveaxis(stack, -1, -3) if last else stack
    return np.ascontiguousarray(first.reshape(*lead, -1, height, width))
