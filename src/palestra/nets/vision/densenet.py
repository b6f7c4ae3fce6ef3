"""DenseNet (Huang et al. 2017, https://arxiv.org/abs/1608.06993): every layer sees what all layers before it made.

    x_l = H_l([x_0, x_1, ..., x_{l-1}])    (eq. 2)

with H batch normalisation, ReLU and a 3 x 3 convolution that adds ``growth`` channels. Between blocks a 1 x 1
convolution halves the channels, and a 2 x 2 mean halves rows and columns.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from palestra.nets.vision.blocks import Shape, Stem, named, pooled_head, stem_blocks


class DenseLayer(nn.Module):
    """What it was given and, behind it, ``growth`` channels more: (B, C, H, W) -> (B, C + growth, H, W).

    Args:
        fan_in: C.
        growth: channels that it adds.
        bottleneck: whether a 1 x 1 convolution to four times the growth comes first (DenseNet-B).
        bias: whether convolutions have one.
    """

    def __init__(self, fan_in: int, growth: int, bottleneck: bool, bias: bool):
        super().__init__()
        layers = _preactivated(fan_in, 4 * growth, 1, bias) if bottleneck else []
        self.new = nn.Sequential(*layers, *_preactivated(4 * growth if bottleneck else fan_in, growth, 3, bias))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Eq. 2."""
        return torch.cat((x_BCHW, self.new(x_BCHW)), 1)


def densenet(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    channels: int = 64,
    growth: int = 32,
    blocks: Sequence[int] = (6, 12, 24, 16),
    bottleneck: bool = True,
    bias: bool = False,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, 7 x 7 pixels and the largest of 3 x 3, both in leaps of two, or small, 3 x 3 at full resolution.
        channels: that the stem makes.
        growth: channels that each layer adds.
        blocks: layers of each. 6, 12, 24, 16 is DenseNet-121; 16, 16, 16 with growth 12, 24 channels and the small stem
            is the paper's DenseNet-BC (L = 100, k = 12) for CIFAR-10; Dive into
            Deep Learning (d2l) has 4, 4, 4, 4 without bottlenecks.
        bottleneck: whether each layer has one.
        bias: whether convolutions have one, as in d2l.
    """
    first = stem_blocks(shape[0], channels, stem, norm=True, bias=bias)
    # Each layer begins with normalisation; after a convolution alone, as on CIFAR-10, once is enough.
    parts: dict[str, nn.Module] = {"stem": nn.Sequential(*(first if stem == "large" else first[:1]))}
    for i, number in enumerate(blocks, 1):
        layers = (DenseLayer(channels + n * growth, growth, bottleneck, bias) for n in range(number))
        parts[f"block{i}"] = nn.Sequential(*layers)
        channels += number * growth
        if i < len(blocks):
            halved = channels // 2
            parts[f"transition{i}"] = nn.Sequential(*_preactivated(channels, halved, 1, bias), nn.AvgPool2d(2))
            channels = halved
    parts["norm"] = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
    return named(**parts, output=pooled_head(channels, num_classes))


def _preactivated(fan_in: int, channels: int, kernel: int, bias: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(fan_in, channels, kernel, padding=kernel // 2, bias=bias)
    return [nn.BatchNorm2d(fan_in), nn.ReLU(), convolution]
