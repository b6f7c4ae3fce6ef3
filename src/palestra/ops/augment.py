"""Random changes of images that leave what they show the same."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.shapes import check_rank


def random_shift(image_BCHW: Tensor, pad: int, generator: Generator) -> Tensor:
    """Shift each image by up to ``pad`` pixels each way (Kostrikov et al. 2020, https://arxiv.org/abs/2004.13649).

    An image is padded by its border pixels and cropped back to its size at one of the (2 pad + 1)^2 places, each as
    likely. All channels of an image, and with them all frames of a stack, move together.

    Args:
        image_BCHW: images (B, C, H, W), of any dtype and layout.
        pad: the longest shift in pixels; 0 leaves images as they are.
        generator: draws the shifts, on the device of the images.

    Returns:
        (B, C, H, W) of the same dtype.
    """
    check_rank(4, image=image_BCHW)
    num, _, height, width = image_BCHW.shape
    row_B, column_B = torch.randint(2 * pad + 1, (2, num), generator=generator, device=image_BCHW.device)
    padded = F.pad(image_BCHW, (pad, pad, pad, pad), mode="replicate")
    # Every crop as a view, of which one for each image is copied, row by row: five times as fast as picking pixels.
    crops = padded.unfold(2, height, 1).unfold(3, width, 1)
    return crops[torch.arange(num, device=image_BCHW.device), :, row_B, column_B]


def six_views(image_BCHW: Tensor) -> list[tuple[float, Tensor]]:
    """What to show a network of images that it is to be surer of, each with its weight (Jordan 2024, section 3.5).

    Images as they are (a half), and moved by a pixel up and left, and down and right (a quarter each), what comes in
    being what stands beyond the border in a mirror; each of them as it is and mirrored.
    """
    check_rank(4, image=image_BCHW)
    high, wide = image_BCHW.shape[2:]
    padded = F.pad(image_BCHW, (1, 1, 1, 1), mode="reflect")
    moved = ((0.25, image_BCHW), (0.125, padded[..., 2:, 2:]), (0.125, padded[..., :high, :wide]))
    return [(weight, each) for weight, view in moved for each in (view, view.flip(3))]
