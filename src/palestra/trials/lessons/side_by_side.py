"""Small networks trained side by side, each on a few images of its own.

So a mean with an interval costs little more than one training.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.nets.adam import ClippedAdam
from palestra.nets.ensemble import Ensemble

Batches = Callable[[int], tuple[Tensor, Tensor]]
"""From the number of a step to rows (M, B, F) and labels (M, B)."""
WHITE = 16.0
"""Of a digit's pixel."""


def digits(split: str) -> tuple[Tensor, Tensor]:
    """Images (N, 8, 8) float32 from 0 to 1, and what they show (N,)."""
    images, labels = Dataset("digits").load()[split]
    assert labels is not None  # digits
    return images.float() / WHITE, labels


def few_of_each(labels: Tensor, classes: Sequence[int], count: int, trainings: int, rng: Generator) -> Tensor:
    """(M, classes * count) places of images, ``count`` of each class and all of a class together, drawn anew for each.

    Of the same generator the first of each class are the same whatever their number.
    """
    chosen = []
    for _ in range(trainings):
        of_class = [(labels == each).nonzero().flatten() for each in classes]
        chosen.append(torch.cat([places[torch.randperm(len(places), generator=rng)[:count]] for places in of_class]))
    return torch.stack(chosen)


def train(net: Ensemble, batches: Batches, steps: int, rate: float) -> Ensemble:
    """Descend the cross-entropy of every network by Adam, each on its own rows; returns them."""
    optimizer = ClippedAdam([net], rate)
    for step in range(steps):
        x, y = batches(step)
        optimizer.descend(F.cross_entropy(net(x).flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1])
    return net


@torch.no_grad()
def copy(layers: Sequence[tuple[Tensor, Tensor]], into: Ensemble) -> None:
    """Weights and biases of every layer."""
    for (weight, bias), (own_weight, own_bias) in zip(layers, into.layers(), strict=True):
        own_weight.copy_(weight)
        own_bias.copy_(bias)


def accuracies(net: Ensemble, x: Tensor, y: Tensor) -> Tensor:
    """(M,) float64 of each network on the same rows (B, F), or on rows of its own (M, B, F)."""
    with torch.no_grad():
        said: Tensor = net(x).argmax(-1)
    return (said == y).double().mean(-1)
