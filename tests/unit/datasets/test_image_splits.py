"""Splits of images: each row in one of them, as uint8."""

import numpy as np
import pytest
import torch

from palestra.datasets.image_splits import image_splits, made_splits
from palestra.errors import UsageError

IMAGES = np.arange(40, dtype=np.uint8).reshape(10, 2, 2)
LABELS = np.arange(10, dtype=np.uint8)


def test_each_row_is_in_one_split() -> None:
    splits = image_splits((IMAGES, LABELS), (IMAGES[:3], LABELS[:3]), validation=4, seed=0)
    assert {name: len(split.inputs) for name, split in splits.items()} == {"train": 6, "validation": 4, "test": 3}
    both = [splits[name] for name in ("train", "validation")]
    rows = torch.cat([split.targets for split in both if split.targets is not None])
    assert sorted(rows.tolist()) == list(range(10))
    assert torch.equal(torch.cat([split.inputs for split in both]), torch.from_numpy(IMAGES)[rows])
    assert splits["test"].inputs.dtype == torch.uint8
    assert splits["test"].targets is not None
    assert splits["test"].targets.dtype == torch.int64


def test_none_held_out_and_too_many() -> None:
    assert set(image_splits((IMAGES, LABELS), (IMAGES, LABELS), validation=0, seed=0)) == {"train", "test"}
    with pytest.raises(UsageError, match="validation=10 of 10 rows"):
        image_splits((IMAGES, LABELS), (IMAGES, LABELS), validation=10, seed=0)


def test_made_ones() -> None:
    splits = made_splits((4, 4, 3), 3, (12, 6), validation=3, seed=0)
    assert [tuple(split.inputs.shape) for split in splits.values()] == [(9, 4, 4, 3), (3, 4, 4, 3), (6, 4, 4, 3)]
