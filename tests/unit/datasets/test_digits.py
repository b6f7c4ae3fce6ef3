"""Digits: those of scikit-learn."""

import numpy as np
import pytest
import torch

from palestra.datasets import digits
from palestra.datasets.dataset import Dataset

datasets = pytest.importorskip("sklearn.datasets")


def test_they_are_scikit_learns() -> None:
    splits = digits.load(validation=0.0, test=0.0)
    theirs = datasets.load_digits()
    assert set(splits) == {"train"}
    assert splits["train"].inputs.dtype == torch.uint8
    assert np.array_equal(splits["train"].inputs.numpy(), theirs.images)
    assert splits["train"].targets is not None
    assert np.array_equal(splits["train"].targets.numpy(), theirs.target)


def test_every_image_is_in_one_split() -> None:
    named = Dataset("digits", {"seed": 3})
    assert sum(len(split.inputs) for split in named.load().values()) == 1_797
    assert named.class_names() == tuple("0123456789")
