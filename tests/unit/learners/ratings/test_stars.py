"""What ratings say of themselves: those of every split are counted, the scale is that of the training."""

import numpy as np
import pytest
import torch

import palestra
from palestra.datasets.dataset import Dataset, Split
from palestra.errors import UsageError
from palestra.learners.ratings.stars import Stars, check_pairs, stars_of


def test_everybody_is_counted_and_the_scale_is_of_what_is_learned_from() -> None:
    splits = {
        "train": Split(torch.tensor([[0, 4], [2, 1]]), torch.tensor([2.0, 5.0])),
        "test": Split(torch.tensor([[6, 0]]), torch.tensor([1.0])),
    }
    assert stars_of(splits) == Stars(7, 5, 3.5, 2.0, 5.0)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([[0, 0], [7, 1]], "row 1: user 7; expected one from 0 to 6, as in training"),
        ([[0, 0], [6, 4], [6, 5]], "row 2: film 5; expected one from 0 to 4, as in training"),
        ([[-1, 0]], "row 0: user -1; expected one from 0 to 6"),
    ],
)
def test_who_was_never_heard_of_is_named_with_the_row(pairs: list[list[int]], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_pairs(np.array(pairs), 7, 5)
    check_pairs(np.array([[6, 4], [0, 0]]), 7, 5)


@pytest.mark.parametrize("name", ["MatrixFactorisation", "BinaryFactorisation", "BayesianFactorisation", "TwoTowers"])
def test_whoever_predicts_pairs_says_so(name: str) -> None:
    kind = getattr(palestra, name)
    liked = {"liked": True} if kind.kind == "classifier" else {}
    learner = kind(Dataset("toy/ratings", liked))
    assert learner.predict(np.array([[0, 0]])).shape == (1,)
    with pytest.raises(UsageError, match="row 1: film 100000; expected one from 0 to "):
        learner.predict(np.array([[0, 0], [0, 100_000]]))
