"""AlexNet (Krizhevsky, Sutskever & Hinton 2012, section 3.5): five convolutions with ReLU, wide layers with dropout.

Its two halves lived on two graphics cards: convolutions 2, 4 and 5 saw the half on their own card alone, which are
``groups=2``. On one card it has one group (Dive into Deep Learning, d2l), and Krizhevsky 2014 made it narrower for
that. The local response normalisation, which nobody missed since, is left out.
"""

from torch import nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.blocks import Shape, Stem, named, shape_after

Widths = tuple[int, int, int, int, int]


def alexnet(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    channels: Widths = (96, 256, 384, 384, 256),
    padding: int = 1,
    groups: int = 1,
    hidden: int = 4096,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, 11 x 11 pixels in leaps of four, or small, 5 x 5 at full resolution.
        channels: of the five convolutions.
        padding: of the first, where the stem is large. The paper's 55 rows and columns are what 227 pixels leave
            without any, and 224 with 2; with d2l's 1 they are 54.
        groups: of channels that do not see one another, in convolutions 2, 4 and 5.
        hidden: width of the two layers before the last.
    """
    one, two, three, four, five = channels
    first = nn.Conv2d(shape[0], one, 11, 4, padding) if stem == "large" else nn.Conv2d(shape[0], one, 5, padding=2)
    convolutions = {
        "conv1": _activated(first),
        "pool1": nn.MaxPool2d(3, 2),
        "conv2": _activated(nn.Conv2d(one, two, 5, padding=2, groups=groups)),
        "pool2": nn.MaxPool2d(3, 2),
        "conv3": _activated(nn.Conv2d(two, three, 3, padding=1)),
        "conv4": _activated(nn.Conv2d(three, four, 3, padding=1, groups=groups)),
        "conv5": _activated(nn.Conv2d(four, five, 3, padding=1, groups=groups)),
        "pool5": nn.MaxPool2d(3, 2),
        "flat": nn.Flatten(),
    }
    (features,) = shape_after(named(**convolutions), shape)
    return named(
        **convolutions,
        dense6=nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), Dropout(0.5)),
        dense7=nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), Dropout(0.5)),
        output=nn.Linear(hidden, num_classes),
    )


def _activated(layer: nn.Module) -> nn.Sequential:
    return nn.Sequential(layer, nn.ReLU())
