"""What ratings say of themselves: those of every split are counted, the scale is that of the training."""

import torch

from palestra.datasets.dataset import Split
from palestra.learners.ratings.stars import Stars, stars_of


def test_everybody_is_counted_and_the_scale_is_of_what_is_learned_from() -> None:
    splits = {
        "train": Split(torch.tensor([[0, 4], [2, 1]]), torch.tensor([2.0, 5.0])),
        "test": Split(torch.tensor([[6, 0]]), torch.tensor([1.0])),
    }
    assert stars_of(splits) == Stars(7, 5, 3.5, 2.0, 5.0)
