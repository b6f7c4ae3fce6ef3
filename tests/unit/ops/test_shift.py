"""Shift: weights against densities and shares that are known, and the name of what has changed, planted by hand."""

import math
from typing import Any

import numpy as np
import pytest
import torch

import palestra
from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.ops.shift import diagnose_shift, importance_weights, label_weights

Rows = tuple[torch.Tensor, torch.Tensor]


def rng(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gaussian(count: int, middle: float, deviation: float, seed: int) -> torch.Tensor:
    return middle + deviation * torch.randn(count, 2, generator=rng(seed), dtype=torch.float64)


def classed(points: torch.Tensor, seed: int, slope: float = 3.0) -> Rows:
    """Class 1 the likelier the larger the sum: the same p(y | x) wherever points are."""
    chance = (slope * points.sum(1)).sigmoid()
    return points, (torch.rand(len(points), generator=rng(seed), dtype=torch.float64) < chance).long()


def clouds(count: int, share: float, seed: int) -> Rows:
    """The same two clouds, the second with a share of the points."""
    which = (torch.rand(count, generator=rng(seed)) < share).long()
    return gaussian(count, 0.0, 1.0, seed + 1) + 1.5 * which[:, None], which


def test_weights_of_inputs_are_the_ratio_of_two_gaussians() -> None:
    before, after = gaussian(40_000, 0.0, 1.0, 0), gaussian(20_000, 0.7, 0.6, 1)
    p, q = (torch.distributions.Normal(*each) for each in ((0.0, 1.0), (0.7, 0.6)))
    true = (q.log_prob(before) - p.log_prob(before)).sum(1).exp()
    found = importance_weights(before, after)
    seen = true > 0.05
    assert float((found[seen] / true[seen]).log().abs().mean()) < 0.05
    assert float(found.mean()) == pytest.approx(1, abs=0.03)  # of p the mean of q / p is 1
    weighed = (found[:, None] * before).mean(0)
    np.testing.assert_allclose(weighed, [0.7, 0.7], atol=0.03)  # and that of x q / p is q's mean of x


def test_weights_of_classes_are_the_ratio_of_their_shares() -> None:
    before, after = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.1, 0.3, 0.6])
    says = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]])  # of each class, what it is said to be
    confusion = (before[:, None] * says).T
    found = label_weights(confusion, after @ says)
    np.testing.assert_allclose(found, after / before, rtol=1e-5)
    blind = before[:, None].expand(3, 3).T / 3
    with pytest.raises(UsageError, match="3 classes and rank 1; expected each class to be told"):
        label_weights(blind, before)


CASES: dict[str, tuple[Any, Any]] = {
    "none": (lambda s: clouds(1_000, 0.5, s), lambda s: clouds(600, 0.5, s + 2)),
    "covariate": (
        lambda s: classed(gaussian(1_000, 0.0, 1.0, s), s + 1),
        lambda s: classed(gaussian(600, 0.6, 0.7, s + 2), s + 3),
    ),
    "label": (lambda s: clouds(1_000, 0.5, s), lambda s: clouds(600, 0.8, s + 2)),
    "concept": (
        lambda s: classed(gaussian(1_000, 0.0, 1.0, s), s + 1),
        lambda s: classed(gaussian(600, 0.0, 1.0, s + 2), s + 3, slope=-1.0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(0, 50, 10))
def test_what_was_planted_is_named(name: str, seed: int) -> None:
    before, after = (draw(seed) for draw in CASES[name])
    found = diagnose_shift(*before, *after)
    assert found.kind == name
    chances = {"inputs": found.inputs, "labels": found.labels, "x | y": found.inputs_given_labels}
    assert all(0 <= chance <= 1 for chance in chances.values() if chance is not None)
    unlabelled = diagnose_shift(*before, after[0])
    assert unlabelled.kind == ("covariate or label" if name in ("covariate", "label") else "none")
    assert unlabelled.labels is None


def test_where_nothing_has_changed_chances_are_spread_evenly() -> None:
    found = [diagnose_shift(*clouds(400, 0.4, seed), *clouds(300, 0.4, seed + 1_000)) for seed in range(0, 600, 3)]
    for chances in zip(*(each[2:] for each in found)):
        below = sum(chance < 0.1 for chance in chances)
        assert abs(below - 20) < 4 * math.sqrt(200 * 0.1 * 0.9), below


def test_classes_that_are_new_are_a_change_and_arrays_are_taken() -> None:
    points, which = clouds(400, 0.5, 0)
    more = which.clone()
    more[:200] = 2
    assert diagnose_shift(points.numpy(), which.numpy(), points.numpy(), more.numpy()).kind == "concept"
    assert palestra.diagnose_shift is diagnose_shift


def test_many_columns_are_compared_by_their_means_and_too_many_are_refused() -> None:
    images = torch.cat([split.inputs for split in Dataset("digits").load().values()])
    images = images[torch.randperm(len(images), generator=rng(0))]  # else the second half is by other hands
    assert diagnose_shift(images[:900], torch.zeros(900), images[900:]).kind == "none"
    assert diagnose_shift(images[:900], torch.zeros(900), images[900:].flip(2)).kind == "covariate or label"
    with pytest.raises(UsageError, match=r"120 rows of \d+ columns; expected 20 rows for each number"):
        diagnose_shift(images[:60], torch.zeros(60), images[60:120])
