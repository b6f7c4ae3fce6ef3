"""Networks that do not look: every pixel is a number like any other. Softmax regression and the multilayer perceptron.

    H = relu(X W1 + b1),  O = H W2 + b2

Without hidden layers the outputs are linear in the pixels.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.blocks import Shape, named
from palestra.nets.vision.lenet import ACTIVATIONS, Activation


def dense(
    shape: Shape,
    num_classes: int,
    *,
    hidden: Sequence[int] = (),
    activation: Activation = "relu",
    dropout: float = 0.0,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K).

    Args:
        shape: of an image.
        num_classes: K.
        hidden: width of each layer before the last.
        activation: after each of them.
        dropout: share of what comes out of each that is left out while it learns.
    """
    sizes = (prod(shape), *hidden)
    blocks: dict[str, nn.Module] = {"flat": nn.Flatten()}
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes), 1):
        left_out = [Dropout(dropout)] if dropout else []
        blocks[f"dense{i}"] = nn.Sequential(nn.Linear(fan_in, fan_out), ACTIVATIONS[activation](), *left_out)
    return named(**blocks, output=nn.Linear(sizes[-1], num_classes))
