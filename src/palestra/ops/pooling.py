"""Pooling from scratch: the largest number of each window, or the mean (LeCun et al. 1998; Boureau et al. 2010).

A layer without parameters: what it sees may move by a pixel and the outcome hardly does. Networks use
``torch.nn.functional``'s, which tests hold equal.
"""

import math
from typing import Literal

from torch import Tensor

from palestra.ops.windows import Pair, pair, windows

Pooling = Literal["average", "max"]
"""What is kept of a window."""


def pooled(image_BCHW: Tensor, size: Pair, kind: Pooling, stride: Pair | None = None, padding: Pair = 0) -> Tensor:
    """(B, C, H, W) images to (B, C, H', W'), channel by channel.

    Args:
        image_BCHW: images.
        size: rows and columns of a window.
        kind: the mean of a window, in which padding counts as zeros, or its maximum, to which padding never counts.
        stride: from one window to the next; None for the window's own size, so that none overlaps another.
        padding: rows and columns on each side, at most half a window, so that no window is padding alone.
    """
    if any(2 * beside > window for beside, window in zip(pair(padding), pair(size))):
        raise ValueError(f"padding {padding} of windows {size}; expected at most half a window")
    fill = -math.inf if kind == "max" else 0.0
    seen = windows(image_BCHW, size, size if stride is None else stride, padding, fill)
    return seen.amax((-2, -1)) if kind == "max" else seen.mean((-2, -1))
