"""Rows of which several things may be true at once, or none, each as likely as is known: some often, some seldom."""

import math

import torch
from torch import Tensor

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require

FEATURES = 8
STRENGTH = 3.0
"""Deviation of a label's log-odds over the rows: how much can be known of it."""
MIDDLES = (0.0, -1.5, -3.0, -4.5, -6.0)
"""Log-odds of each label at the middle of all rows: from half of the rows to one in thirty."""


def load(train: int = 2_000, validation: int = 1_000, test: int = 10_000, seed: int = 0) -> Splits:
    """Rows (N, 8) and which labels each has, (N, 5) int64 of 0 and 1.

    Given a row, its labels have nothing to do with each other.

    Args:
        train: rows to fit.
        validation: rows to choose by.
        test: rows to be judged on.
        seed: of the rows. What is true of them is as likely whatever it is.
    """
    rng, splits = torch.Generator().manual_seed(seed), {}
    for name, size in {"train": train, "validation": validation, "test": test}.items():
        require(size >= 1, f"{name}={size}", "a row or more")
        rows = torch.randn(size, FEATURES, generator=rng)
        drawn = torch.rand(size, len(MIDDLES), generator=rng, dtype=torch.float64)
        splits[name] = Split(rows, (drawn < true_share(rows)).long())
    return splits


def true_share(rows: Tensor) -> Tensor:
    """(N, 5) float64: how likely each label is at each row."""
    way = torch.randn(FEATURES, len(MIDDLES), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    odds = rows.double() @ (STRENGTH * way / way.norm(dim=0)) + torch.tensor(MIDDLES, dtype=torch.float64)
    return torch.sigmoid(odds)


def best_hamming() -> float:
    """The share of labels that will be said wrongly by who knows how likely each is, and says the likelier.

    The mean over labels of the smaller of p and 1 - p, where the log-odds are of a normal distribution.
    """
    step, reach = 1e-3, 8.0
    places = [-reach + step * i for i in range(1 + round(2 * reach / step))]
    weight = [step * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) for z in places]
    missed = 0.0
    for middle in MIDDLES:
        # 1 / (1 + exp(|o|)) is the smaller of both
        missed += sum(w / (1 + math.exp(abs(middle + STRENGTH * z))) for w, z in zip(weight, places))
    return missed / len(MIDDLES)


register("toy/labels", load)
