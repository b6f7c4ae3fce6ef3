"""Candidates and recall: cases small enough to count."""

import pytest
import torch

from palestra.ops.retrieval import BLOCK, candidates, recall, top

SCORE = torch.tensor([[0.1, 0.9, 0.5, 0.7], [0.4, 0.3, 0.2, 0.1]])
KNOWN = torch.tensor([[False, True, False, False], [True, True, True, False]])


def test_the_best_that_is_not_known_comes_first_and_the_known_last() -> None:
    found = candidates(SCORE, KNOWN, 2)
    assert found[0].tolist() == [3, 2]
    assert found[1, 0] == 3


def test_recall_is_of_as_many_as_could_be_found() -> None:
    wanted = torch.tensor([[True, False, True, True], [False, False, False, True]])
    assert recall(candidates(SCORE, KNOWN, 2), wanted).tolist() == [1.0, 1.0]  # two of three, but two is all it shows
    assert recall(candidates(SCORE, KNOWN, 1), torch.tensor([[True, False, True, False]] * 2)).tolist() == [0.0, 0.0]
    assert recall(candidates(SCORE, KNOWN, 3), wanted).tolist() == [1.0, 1.0]
    assert recall(candidates(SCORE, KNOWN, 1), torch.zeros_like(wanted)).isnan().all()


@pytest.mark.parametrize("items", [7, 50 * BLOCK, 50 * BLOCK + 3, 50 * BLOCK - 1])
def test_the_best_of_very_many_are_those_of_topk(items: int) -> None:
    score = torch.randperm(3 * items, generator=torch.Generator().manual_seed(items)).float().view(3, items)
    assert torch.equal(top(score, 7), score.topk(7, 1).indices)
