"""Ratings that were made: what the truth leaves is the noise."""

import numpy as np
import pytest
import torch

from palestra.datasets import made_ratings
from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError


def test_what_two_factors_and_biases_leave_is_the_noise() -> None:
    train = made_ratings.load(rated=1.0, validation=0.0, test=0.0)["train"]
    assert train.targets is not None
    table = np.zeros((made_ratings.USERS, made_ratings.FILMS))
    table[tuple(train.inputs.T.numpy())] = train.targets.numpy()
    rest = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    singular = np.linalg.svd(rest, compute_uv=False)
    assert singular[1] > 8 * singular[2]  # two factors
    freedom = (made_ratings.USERS - 3) * (made_ratings.FILMS - 3)
    assert np.sqrt((singular[2:] ** 2).sum() / freedom) == pytest.approx(made_ratings.NOISE, rel=0.03)


def test_splits_part_the_pairs_that_are_rated() -> None:
    splits = Dataset("toy/ratings", {"rated": 0.1, "seed": 2}).load()
    assert {name: len(split.inputs) for name, split in splits.items()} == {
        "test": 600, "validation": 300, "train": 2_100,
    }  # fmt: skip
    pairs = torch.cat([split.inputs for split in splits.values()])
    assert len(pairs.unique(dim=0)) == 3_000


def test_liked_is_more_than_the_mean() -> None:
    stars, liked = (made_ratings.load(liked=liked)["train"] for liked in (False, True))
    assert stars.targets is not None
    assert liked.targets is not None
    assert torch.equal(liked.targets, (stars.targets > made_ratings.MEAN).long())


@pytest.mark.parametrize("wrong", [{"rated": 0.0}, {"rated": 1.5}, {"test": 0.6, "validation": 0.4}, {"test": -0.1}])
def test_shares_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="expected"):
        made_ratings.load(**wrong)
