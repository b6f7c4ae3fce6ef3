"""VGG (Simonyan & Zisserman 2015, table 1): blocks of 3 x 3 convolutions, each ending in a 2 x 2 maximum."""

from collections.abc import Sequence

from torch import nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.blocks import Shape, Stem, named, shape_after


def vgg(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    convolutions: Sequence[int] = (1, 1, 2, 2, 2),
    channels: Sequence[int] = (64, 128, 256, 512, 512),
    hidden: int = 4096,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, every block halves rows and columns, or small, the first one leaves them.
        convolutions: of each block. 1, 1, 2, 2, 2 is the paper's A (VGG-11); 2, 2, 3, 3, 3 is D (VGG-16).
        channels: of each block's.
        hidden: width of the two layers before the last.
    """
    fan_in = shape[0]
    blocks: dict[str, nn.Module] = {}
    for i, (number, width) in enumerate(zip(convolutions, channels, strict=True), 1):
        blocks[f"block{i}"] = _block(fan_in, width, number, halves=i > 1 or stem == "large")
        fan_in = width
    blocks["flat"] = nn.Flatten()
    (features,) = shape_after(named(**blocks), shape)
    return named(
        **blocks,
        dense1=nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), Dropout(0.5)),
        dense2=nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), Dropout(0.5)),
        output=nn.Linear(hidden, num_classes),
    )


def _block(fan_in: int, channels: int, number: int, *, halves: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i in range(number):
        layers += [nn.Conv2d(channels if i else fan_in, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2)) if halves else nn.Sequential(*layers)
