"""A cubic under noise: too small a degree cannot follow it, and too large a degree follows the noise."""

from math import factorial

import torch

from palestra.datasets.dataset import Split, Splits, register

COEFFICIENTS = (5.0, 1.2, -3.4, 5.6)
"""Of x^k / k!, from the constant on, as Dive into Deep Learning has them."""


def load(train: int = 100, validation: int = 100, test: int = 1_000, noise: float = 0.1, seed: int = 0) -> Splits:
    """One column, normal, and the value of the cubic there under normal noise.

    Args:
        train: rows to fit.
        validation: rows to choose by.
        test: rows to be judged on.
        noise: its deviation, and the least error that anything can have.
        seed: of columns and noise.
    """
    rng, splits = torch.Generator().manual_seed(seed), {}
    for name, size in {"train": train, "validation": validation, "test": test}.items():
        x = torch.randn(size, generator=rng)
        y = sum(each * x**k / factorial(k) for k, each in enumerate(COEFFICIENTS))
        splits[name] = Split(x[:, None], y + noise * torch.randn(size, generator=rng))
    return splits


register("toy/polynomial", load)
