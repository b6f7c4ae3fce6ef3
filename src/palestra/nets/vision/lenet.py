"""LeNet (LeCun et al. 1998, figure 2), as it is taught today, and with batch normalisation.

    C1 6 @ 5 x 5 - S2 2 x 2 - C3 16 @ 5 x 5 - S4 2 x 2 - F5 120 - F6 84 - K

The original saw 32 x 32 pixels, which here are 28 x 28 with a padding of two. It also gave each map of C3 some of S2's
alone, scaled what it pooled by learned numbers, squashed by 1.7159 tanh(2/3 x), and compared F6 with drawings of the
digits. Dive into Deep Learning keeps its sizes, with sigmoids.

What would have come before the largest of a window comes after it: activations rise, so the largest is the same, and a
quarter as many are worked out (a step is a quarter shorter). What is averaged has to be activated first.

The demonstration that batch normalisation mends the sigmoid LeNet is often confounded: with it the pooling goes from
average to maximum, and the padding is lost. Here each is a setting of its own.
"""

from typing import Literal

from torch import nn

from palestra.nets.batch_norm import BatchNorm
from palestra.nets.vision.blocks import Shape, named, shape_after
from palestra.ops.pooling import Pooling

Activation = Literal["sigmoid", "tanh", "relu"]
Normalisation = Literal["none", "batch", "batch-from-scratch"]

ACTIVATIONS: dict[Activation, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
"""Name to layer."""


def lenet(
    shape: Shape,
    num_classes: int,
    *,
    activation: Activation = "sigmoid",
    pooling: Pooling = "average",
    padding: int = 2,
    normalisation: Normalisation = "none",
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        activation: after every layer but the last; where the largest is pooled, after that.
        pooling: of 2 x 2 pixels after each convolution.
        padding: on each side of the image.
        normalisation: before each activation: none, PyTorch's batch normalisation, or the same from scratch.
    """
    pooled = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}[pooling]

    def convolved(layer: nn.Conv2d) -> list[nn.Module]:
        return [layer, *_norm(normalisation, layer, layer.out_channels)]

    def dense(inputs: int, outputs: int) -> nn.Module:
        layer = nn.Linear(inputs, outputs)
        return nn.Sequential(layer, *_norm(normalisation, layer, outputs), ACTIVATIONS[activation]())

    def block(number: int, layer: nn.Conv2d) -> dict[str, nn.Module]:
        act = ACTIVATIONS[activation]()
        before, after = ([act], []) if pooling == "average" else ([], [act])
        return {
            f"conv{number}": nn.Sequential(*convolved(layer), *before),
            f"pool{number}": nn.Sequential(pooled(2), *after),
        }

    convolutions = {
        **block(1, nn.Conv2d(shape[0], 6, 5, padding=padding)),
        **block(2, nn.Conv2d(6, 16, 5)),
        "flat": nn.Flatten(),
    }
    (features,) = shape_after(named(**convolutions), shape)
    return named(
        **convolutions,
        dense1=dense(features, 120),
        dense2=dense(120, 84),
        output=nn.Linear(84, num_classes),
    )


def _norm(kind: Normalisation, layer: nn.Module, channels: int) -> list[nn.Module]:
    match kind:
        case "none":
            return []
        case "batch":
            return [nn.BatchNorm2d(channels) if isinstance(layer, nn.Conv2d) else nn.BatchNorm1d(channels)]
        case "batch-from-scratch":
            return [BatchNorm(channels)]
