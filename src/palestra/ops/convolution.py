"""Cross-correlation from scratch, which deep learning calls convolution (LeCun et al. 1998, section II.A).

    y[k, i, j] = b[k] + sum_{c, u, v} w[k, c, u, v] x[c, s i + u - p, s j + v - p]

with stride s and padding p, and x zero outside of the image. ``window`` is one such sum with all that went into it,
``correlated_pixel_by_pixel`` is the definition, ``correlated`` the same by one product of all windows, and networks use
``torch.nn.functional.conv2d``; tests hold the three equal.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank
from palestra.ops.windows import Pair, pair, shape_of, windows


class Window(NamedTuple):
    """What stands behind one number of an output."""

    top: int
    """First row of the image that the window covers; negative where it begins in the padding."""
    left: int
    """First column."""
    inputs_CHW: Tensor
    """The pixels under the window, zero in the padding."""
    weights_CHW: Tensor
    """The kernel."""
    products_CHW: Tensor
    """Pixel times weight."""
    bias: Tensor
    """() what is added to their sum."""
    total: Tensor
    """() the number itself."""


def window(
    image_CHW: Tensor,
    kernel_CHW: Tensor,
    bias: Tensor,
    row: int,
    column: int,
    stride: Pair = 1,
    padding: Pair = 0,
) -> Window:
    """The window and the sum behind the pixel (row, column) of an output channel.

    Args:
        image_CHW: an image (C, H, W).
        kernel_CHW: that channel's kernel, as many channels as the image has.
        bias: () that channel's.
        row: of the output.
        column: of the output.
        stride: from one window to the next, in rows and columns.
        padding: rows and columns of zeros on each side.

    ValueError for a pixel that the output does not have, and for a kernel of other channels than the image.
    """
    check_rank(3, image=image_CHW, kernel=kernel_CHW)
    channels, high, wide = kernel_CHW.shape
    if channels != image_CHW.shape[0]:
        raise ValueError(f"a kernel of {channels} channels on an image of {image_CHW.shape[0]}; expected as many")
    rows, columns = shape_of(image_CHW, (high, wide), stride, padding)
    if not (0 <= row < rows and 0 <= column < columns):
        expected = f"a row below {rows} and a column below {columns}"
        raise ValueError(f"pixel ({row}, {column}) of the output; expected {expected}, both from 0")
    (down, across), (above, beside) = pair(stride), pair(padding)
    top, left = row * down - above, column * across - beside
    inputs_CHW = torch.zeros_like(kernel_CHW, dtype=image_CHW.dtype)
    for u in range(high):
        for v in range(wide):
            if 0 <= top + u < image_CHW.shape[1] and 0 <= left + v < image_CHW.shape[2]:
                inputs_CHW[:, u, v] = image_CHW[:, top + u, left + v]
    products_CHW = inputs_CHW * kernel_CHW
    return Window(top, left, inputs_CHW, kernel_CHW, products_CHW, bias, products_CHW.sum() + bias)


def correlated_pixel_by_pixel(
    image_BCHW: Tensor, kernel_KCHW: Tensor, bias_K: Tensor, stride: Pair = 1, padding: Pair = 0
) -> Tensor:
    """(B, C, H, W) images to (B, K, H', W'), one window after another: the definition."""
    check_rank(4, image=image_BCHW, kernel=kernel_KCHW)
    rows, columns = shape_of(image_BCHW, (kernel_KCHW.shape[2], kernel_KCHW.shape[3]), stride, padding)
    out_BKHW = torch.empty(len(image_BCHW), len(kernel_KCHW), rows, columns, dtype=image_BCHW.dtype)
    for b, k, i, j in torch.cartesian_prod(*map(torch.arange, out_BKHW.shape)).tolist():
        out_BKHW[b, k, i, j] = window(image_BCHW[b], kernel_KCHW[k], bias_K[k], i, j, stride, padding).total
    return out_BKHW


def correlated(
    image_BCHW: Tensor, kernel_KCHW: Tensor, bias_K: Tensor | None = None, stride: Pair = 1, padding: Pair = 0
) -> Tensor:
    """(B, C, H, W) images to (B, K, H', W'), as one product of all windows with all kernels; differentiable.

    Args:
        image_BCHW: images.
        kernel_KCHW: a kernel for each output channel, with the channels of the image.
        bias_K: added to each output channel; None for nothing.
        stride: from one window to the next, in rows and columns.
        padding: rows and columns of zeros on each side.
    """
    check_rank(4, kernel=kernel_KCHW)
    seen = windows(image_BCHW, (kernel_KCHW.shape[2], kernel_KCHW.shape[3]), stride, padding)
    out_BKHW = torch.einsum("bchwuv,kcuv->bkhw", seen, kernel_KCHW)
    return out_BKHW if bias_K is None else out_BKHW + bias_K[:, None, None]


def correlated_pointwise(image_BCHW: Tensor, weight_KC: Tensor, bias_K: Tensor | None = None) -> Tensor:
    """A 1 x 1 convolution: the same linear layer at every pixel (Lin et al. 2014). (B, C, H, W) -> (B, K, H, W)."""
    check_rank(2, weight=weight_KC)
    pixels_BHWC = image_BCHW.movedim(1, -1)
    out_BHWK = pixels_BHWC @ weight_KC.T
    return (out_BHWK if bias_K is None else out_BHWK + bias_K).movedim(-1, 1)
