"""ResNet (He et al. 2016a, https://arxiv.org/abs/1512.03385): layers that learn what to add to what they were given.

y = relu(F(x) + x)    (eq. 1), and relu(F(x) + W x) where shapes differ (eq. 2, option B)
"""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from palestra.nets.vision.blocks import Shape, Stem, named, pooled_head, stem_blocks

Form = Literal["paper", "d2l"]
"""``paper``: convolutions have no bias, and every one is normalised. ``d2l``: as in Dive into Deep Learning, they have
a bias, which the normalisation takes away again, and the one on the way past is not normalised."""


class Residual(nn.Module):
    """relu(F(x) + x): (B, C, H, W) -> whatever F makes of it.

    Args:
        branch: F.
        past: the way past it: the identity, or what brings x to F's shape.
    """

    def __init__(self, branch: nn.Module, past: nn.Module):
        super().__init__()
        self.branch, self.past = branch, past

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Eq. 1 or 2."""
        summed: Tensor = self.branch(x_BCHW) + self.past(x_BCHW)
        return summed.relu()


def resnet(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    blocks: Sequence[int] = (2, 2, 2, 2),
    channels: Sequence[int] = (64, 128, 256, 512),
    bottleneck: bool = False,
    form: Form = "paper",
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, 7 x 7 pixels and the largest of 3 x 3, both in leaps of two, or small, 3 x 3 at full resolution.
        blocks: of each stage. 2, 2, 2, 2 is ResNet-18; 3, 4, 6, 3 with bottlenecks ResNet-50; 3, 3, 3 with 16, 32, 64
            channels and the small stem the paper's ResNet-20 for CIFAR-10.
        channels: of each stage; every stage but the first halves rows and columns.
        bottleneck: whether a block goes through 1 x 1, 3 x 3, 1 x 1, four times as wide at its ends (figure 5). The
            3 x 3 takes the leap, as in torchvision, where the paper has the first.
        form: the paper's, or d2l's.
    """
    bias, fan_in = form == "d2l", channels[0]
    stages: dict[str, nn.Module] = {
        "stem": nn.Sequential(*stem_blocks(shape[0], fan_in, stem, norm=True, bias=bias)),
    }
    for i, (number, width) in enumerate(zip(blocks, channels, strict=True), 1):
        layers: list[nn.Module] = []
        for n in range(number):
            stride = 2 if i > 1 and n == 0 else 1
            layers.append(_block(fan_in, width, stride, bottleneck, form))
            fan_in = 4 * width if bottleneck else width
        stages[f"stage{i}"] = nn.Sequential(*layers)
    return named(**stages, output=pooled_head(fan_in, num_classes))


def _block(fan_in: int, width: int, stride: int, bottleneck: bool, form: Form) -> Residual:
    bias, fan_out = form == "d2l", 4 * width if bottleneck else width
    if bottleneck:
        branch = nn.Sequential(
            nn.Conv2d(fan_in, width, 1, bias=bias), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=bias), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, fan_out, 1, bias=bias), nn.BatchNorm2d(fan_out),
        )  # fmt: skip
    else:
        branch = nn.Sequential(
            nn.Conv2d(fan_in, width, 3, stride, 1, bias=bias), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=bias), nn.BatchNorm2d(width),
        )  # fmt: skip
    if stride == 1 and fan_in == fan_out:
        return Residual(branch, nn.Identity())
    projection = nn.Conv2d(fan_in, fan_out, 1, stride, bias=bias)
    return Residual(branch, projection if form == "d2l" else nn.Sequential(projection, nn.BatchNorm2d(fan_out)))
