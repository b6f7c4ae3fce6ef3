"""Digits: handwritten ones of 8 x 8 pixels from 0 to 16, as scikit-learn has them (Alpaydin & Kaynak 1998)."""

import numpy as np
import torch

from palestra.datasets.card import Card
from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import fetch
from palestra.datasets.small_tables import SCIKIT_LEARN, in_package
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.splits import Cut

_FILE = Content("digits.csv", 264_712, "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8")
RESOURCE = in_package("digits", SCIKIT_LEARN, {_FILE: "sklearn/datasets/data/digits.csv.gz"})
SIDE = 8
_COLUMNS = (*(f"pixel {row},{column}" for row in range(SIDE) for column in range(SIDE)), "digit")


def load(validation: float = 0.2, test: float = 0.2, folds: int = 0, fold: int = 0, seed: int = 0) -> Splits:
    """Images (N, 8, 8) uint8 from 0 to 16, and digits; the arguments are those of :class:`Cut`."""
    frame = read_separated(fetch(RESOURCE)[_FILE.name], "digits", header=_COLUMNS)
    values = np.stack([frame.numbers(name) for name in _COLUMNS], 1)
    images = torch.from_numpy(values[:, :-1].astype(np.uint8).reshape(-1, SIDE, SIDE))
    digits = torch.from_numpy(values[:, -1].astype(np.int64))
    parts = Cut(validation, test, folds, fold, seed).rows(len(values))
    return {name: Split(images[rows], digits[rows]) for name, rows in parts.items()}


register(
    "digits",
    load,
    Card(
        title="Digits",
        about="a handwritten digit of 8 x 8 pixels; which one?",
        kind="images",
        shape=(8, 8),
        licence="CC BY 4.0",
        home="Alpaydin & Kaynak 1998, https://archive.ics.uci.edu/dataset/80",
        rows=1_797,
        resource=RESOURCE,
        classes=tuple("0123456789"),
    ),
)
