"""Ranks alone: one process has all of a batch, and what it says to the others comes back as it is."""

import torch

from palestra.engine.ranks import ALONE, Ranks, mean_of


def test_alone_everything_is_what_it_was() -> None:
    ranks, gradient = Ranks(), torch.tensor([1.0, -2.0])
    assert (ranks.rank, ranks.size, ranks.weight) == (0, 1, 1.0)
    assert tuple(ranks.share(7)) == tuple(ranks.rows()) == (0, 7, 7, 1.0)
    ranks.add_up_(gradient)
    assert gradient.tolist() == [1.0, -2.0]
    assert ranks.whole(gradient) is gradient
    assert ranks.mean(gradient) is gradient
    row, word = {"train/loss": 1.0}, ["a"]
    assert ranks.means(row) is row
    assert ranks.same(word) is word
    assert (ranks.highest(3), ranks.gathered({"a": 1}), ranks.device("cuda:1")) == (3, [], "cuda:1")
    ranks.part()
    assert ALONE.saved == ""


def test_a_mean_is_over_those_that_have_the_figure() -> None:
    rows = [{"a": 1.0}, {"a": 3.0, "b": 5.0}]
    assert mean_of(rows) == {"a": 2.0, "b": 5.0}
