"""Baskets: made ones, in which two things are known to go together, and all else is chance."""

import torch

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require

SHARES = {
    "milk": 0.3, "eggs": 0.28, "rice": 0.26, "tea": 0.24, "salt": 0.22, "bread": 0.15, "flour": 0.15, "yeast": 0.12,
    "soap": 0.1, "apples": 0.1, "butter": 0.02, "sugar": 0.02,
}  # fmt: skip
"""Of the baskets that each is in by chance."""
NAMES = tuple(SHARES)
SURE = 0.9
"""How often bread brings butter with it; flour and yeast together always bring sugar."""


def load(train: int = 2_000, validation: int = 1_000, test: int = 2_000, seed: int = 0) -> Splits:
    """Baskets (N, 12) uint8, 1 for each thing in one, and no targets.

    Args:
        train: baskets to find rules in.
        validation: baskets to look at meanwhile.
        test: baskets that rules are judged on.
        seed: of the baskets.
    """
    bread, butter, flour, yeast, sugar = map(NAMES.index, ("bread", "butter", "flour", "yeast", "sugar"))
    rng, splits, shares = torch.Generator().manual_seed(seed), {}, torch.tensor([*SHARES.values()])
    for name, size in {"train": train, "validation": validation, "test": test}.items():
        require(size >= 1, f"{name}={size}", "1 basket or more")
        table = torch.rand(size, len(NAMES), generator=rng) < shares
        table[:, butter] |= table[:, bread] & (torch.rand(size, generator=rng) < SURE)
        table[:, sugar] |= table[:, flour] & table[:, yeast]
        splits[name] = Split(table.to(torch.uint8), None)
    return splits


def confidence_of_butter() -> float:
    """Of those with bread, the share with butter: by chance, or because of it."""
    return 1 - (1 - SHARES["butter"]) * (1 - SURE)


register("toy/baskets", load, names=lambda **_: NAMES)
