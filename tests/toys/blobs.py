"""The smallest data set: clouds of points, a class each, that a straight line all but separates."""

import torch

from palestra.datasets.dataset import Split, Splits, register
from palestra.engine import seeding

SIZES = {"train": 200, "validation": 100, "test": 100}


def load(classes: int = 3, spread: float = 0.6, seed: int = 0) -> Splits:
    """Points (N, 2) around the corners of a polygon, and which corner."""
    rng = seeding.generator(seed, "blobs")
    angle = torch.arange(classes) * (2 * torch.pi / classes)
    centre = torch.stack((angle.cos(), angle.sin()), 1)
    splits = {}
    for name, size in SIZES.items():
        target = torch.arange(size) % classes
        splits[name] = Split(centre[target] + spread * torch.randn(size, 2, generator=rng), target)
    return splits


register("toy/blobs", load)
