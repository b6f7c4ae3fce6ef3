"""A network for seconds on a graphics card, after airbench94 (Jordan 2024, https://arxiv.org/abs/2404.00498).

    whitened windows - GELU - three times (3 x 3 - largest of 2 x 2 - BN - GELU - 3 x 3 - BN - GELU) - largest - linear

The first convolution is not learned. The others begin as the identity of as many channels as they are given, the rest
drawn. Batch normalisation shifts and does not scale, with running means of the last few batches; the outputs are scaled
down by nine.
"""

from torch import Tensor, nn

from palestra.nets.vision.blocks import Shape, named
from palestra.nets.whitening import Whitening

Widths = tuple[int, int, int]
MOMENTUM = 0.4
"""Share of each batch in the running statistics: a training has few batches."""


class Scaled(nn.Module):
    """Its input times a number.

    Args:
        factor: the number.
    """

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return self.factor * x


def whitened(
    shape: Shape, num_classes: int, *, channels: Widths = (64, 256, 256), scale: float = 1 / 9
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K), of 28 to 32 pixels.

    Args:
        shape: of an image.
        num_classes: K.
        channels: of the three blocks.
        scale: of the outputs.
    """
    first = Whitening(shape[0])
    one, two, three = channels
    return named(
        whitened=nn.Sequential(first, nn.GELU()),
        block1=_block(first.outputs, one),
        block2=_block(one, two),
        block3=_block(two, three),
        pool=nn.MaxPool2d(3),
        output=nn.Sequential(nn.Flatten(), nn.Linear(three, num_classes, bias=False), Scaled(scale)),
    )


def _block(fan_in: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(fan_in, channels, 3, padding=1, bias=False), nn.MaxPool2d(2), _shifted(channels), nn.GELU(),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False), _shifted(channels), nn.GELU(),
    )  # fmt: skip


def _shifted(channels: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels, momentum=MOMENTUM)
    norm.weight.requires_grad_(False)
    return norm
