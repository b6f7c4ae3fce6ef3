"""Two clouds: their shape, and the best accuracy in closed form against the densities themselves."""

import math
from typing import get_args

import numpy as np
import pytest
import torch

from palestra.datasets.dataset import Dataset
from palestra.datasets.two_blobs import CORRELATION, SPREAD, Shape, best_accuracy, load, middle
from palestra.errors import UsageError


def denser(shape: str, points: torch.Tensor) -> torch.Tensor:
    """The cloud whose density, as PyTorch has it, is the larger at each point: the best that anything can say."""
    if shape == "within":
        shapes = [torch.eye(2), SPREAD**2 * torch.eye(2)]
        middles = [torch.zeros(2)] * 2
    else:
        shapes = [torch.tensor([[1.0, CORRELATION], [CORRELATION, 1.0]])] * 2
        middles = [torch.tensor([middle(cloud), 0.0]) for cloud in (0, 1)]
    clouds = [torch.distributions.MultivariateNormal(*each) for each in zip(middles, shapes)]
    return torch.stack([cloud.log_prob(points) for cloud in clouds]).argmax(0)


@pytest.mark.parametrize("shape", get_args(Shape))
def test_the_best_accuracy_is_that_of_the_denser_cloud(shape: Shape) -> None:
    points, which = Dataset("toy/two-blobs", {"shape": shape, "test": 400_000, "seed": 3}).load()["test"]
    assert which is not None
    found = float((denser(shape, points) == which).double().mean())
    assert found == pytest.approx(best_accuracy(shape), abs=4 * math.sqrt(0.1 / 400_000))


def test_clouds_have_the_moments_that_are_told() -> None:
    points, which = load(train=200_000)["train"]
    assert which is not None
    for cloud in (0, 1):
        own = points[which == cloud].numpy()
        np.testing.assert_allclose(own.mean(0), [middle(cloud), 0], atol=0.02)
        np.testing.assert_allclose(np.cov(own.T), [[1, CORRELATION], [CORRELATION, 1]], atol=0.02)
    inner, outer = (load(train=200_000, shape="within")["train"].inputs[cloud::2] for cloud in (0, 1))
    assert float(outer.std() / inner.std()) == pytest.approx(SPREAD, rel=0.01)


def test_a_seed_decides_the_rows_and_what_is_no_shape_is_refused() -> None:
    one, again, other = (load(seed=seed)["test"].inputs for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    with pytest.raises(UsageError, match="shape='moons'; expected beside or within"):
        load(shape="moons")
    with pytest.raises(UsageError, match="train=1; expected 2 rows or more"):
        load(train=1)
