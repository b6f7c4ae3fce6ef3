"""Windows that slide over images: what convolution and pooling have in common."""

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank

Pair = int | tuple[int, int]
"""One number for rows and columns alike, or one for each."""


def pair(number: Pair) -> tuple[int, int]:
    """For rows, and for columns."""
    return number if isinstance(number, tuple) else (number, number)


def output_size(size: int, window: int, stride: int = 1, padding: int = 0) -> int:
    """Places of a window on one axis: floor((size + 2 padding - window) / stride) + 1, with padding on *each* side.

    What a stride leaves over at the end is never seen. ValueError where the window does not fit at all.
    """
    if window < 1 or stride < 1 or padding < 0 or size + 2 * padding < window:
        raise ValueError(
            f"a window of {window} on {size} pixels with stride {stride} and padding {padding} on each side; "
            f"expected one that fits, and a stride of at least 1"
        )
    return (size + 2 * padding - window) // stride + 1


def windows(image_BCHW: Tensor, size: Pair, stride: Pair = 1, padding: Pair = 0, fill: float = 0.0) -> Tensor:
    """Every window of an image side by side, as a view of the padded image.

    Args:
        image_BCHW: images (B, C, H, W).
        size: rows and columns of a window.
        stride: from one window to the next.
        padding: rows and columns that are added on each side.
        fill: what they hold.

    Returns:
        (B, C, rows of the output, columns of the output, rows of a window, columns of a window).
    """
    check_rank(4, image=image_BCHW)
    (high, wide), (down, across), (above, beside) = pair(size), pair(stride), pair(padding)
    output_size(image_BCHW.shape[2], high, down, above)
    output_size(image_BCHW.shape[3], wide, across, beside)
    padded_BCHW = F.pad(image_BCHW, (beside, beside, above, above), value=fill)
    return padded_BCHW.unfold(2, high, down).unfold(3, wide, across)


def shape_of(image_BCHW: Tensor, size: Pair, stride: Pair, padding: Pair) -> torch.Size:
    """Rows and columns of what windows over these images give."""
    axes = zip(image_BCHW.shape[-2:], pair(size), pair(stride), pair(padding))
    return torch.Size(output_size(*axis) for axis in axes)
