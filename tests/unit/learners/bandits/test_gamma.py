"""Gamma random numbers have the distribution that they promise, whatever the shape."""

import math

import numpy as np
import pytest
import torch

from palestra.learners.bandits import gamma
from palestra.learners.bandits.gamma import GammaSampler

SHAPES = (1.0, 1.5, 2.0, 3.0, 10.0, 1000.0)


def sample(shape_B: torch.Tensor, seed: int = 0) -> torch.Tensor:
    drawn_B = GammaSampler(len(shape_B)).sample(shape_B.numpy(), torch.Generator().manual_seed(seed))
    return torch.from_numpy(drawn_B)


def draw(shape: float, number: int = 200_000) -> torch.Tensor:
    return sample(torch.full((number,), shape))


def distance(sample_B: torch.Tensor, shape: float) -> float:
    """Kolmogorov-Smirnov: the largest difference from the distribution function, times sqrt(n)."""
    ordered = sample_B.double().clamp(min=0.0).sort().values
    n = len(ordered)
    cdf = torch.special.gammainc(torch.tensor(shape, dtype=torch.float64), ordered)
    rank = torch.arange(n, dtype=torch.float64) / n
    return math.sqrt(n) * float(torch.maximum((cdf - rank).amax(), (rank + 1 / n - cdf).amax()))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_distribution(shape: float) -> None:
    assert distance(draw(shape), shape) < 1.95  # exceeded by chance once in a thousand


def test_the_distance_would_show_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gamma, "_SQUEEZE", 0.0)  # accepts everything
    assert distance(draw(1.0), 1.0) > 1.95


def test_a_squeeze_that_is_no_bound_would_be_wrong_and_this_one_is() -> None:
    """1 - squeeze (c x^2)^2 <= exp(x^2 / 2 + d (1 - v + ln v)) for every shape from 1 on."""
    d = np.geomspace(2 / 3, 1e6, 300)[:, None]
    x = np.linspace(-15, 15, 6_001)[None]
    c = 1 / np.sqrt(9 * d)
    v = (1 + c * x) ** 3
    with np.errstate(invalid="ignore", divide="ignore"):
        accept = np.where(v > 0, np.exp(np.minimum(0.0, x**2 / 2 + d * (1 - v + np.log(v)))), 0.0)
    assert (1 - gamma._SQUEEZE * (c * x**2) ** 2 - accept).max() < 1e-6  # rounding, at d = 1e6
    assert (1 - 0.9 * gamma._SQUEEZE * (c * x**2) ** 2 - accept).max() > 1e-4


def test_each_shape_of_a_batch_is_its_own() -> None:
    shape_B = torch.tensor(SHAPES).repeat(50_000)
    drawn = sample(shape_B, seed=1).view(-1, len(SHAPES)).double()
    expected = torch.tensor(SHAPES, dtype=torch.float64)  # mean and variance are both the shape
    torch.testing.assert_close(drawn.mean(0), expected, rtol=0.02, atol=0.0)
    torch.testing.assert_close(drawn.var(0), expected, rtol=0.04, atol=0.0)


def test_the_generator_decides() -> None:
    shape_B = torch.full((1000,), 1.0)
    first, same, other = (sample(shape_B, seed) for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_memory_that_was_used_before_changes_nothing() -> None:
    sampler, shape_B = GammaSampler(1000), torch.full((1000,), 1.0)
    sampler.sample(7.0 * shape_B.numpy(), torch.Generator().manual_seed(1))
    again_B = sampler.sample(shape_B.numpy(), torch.Generator().manual_seed(0))
    assert torch.equal(torch.from_numpy(again_B), sample(shape_B))


def test_fewer_are_drawn_as_by_a_smaller_one() -> None:
    shape_B = torch.full((13,), 2.0)
    fewer_B = GammaSampler(1000).sample(shape_B.numpy(), torch.Generator().manual_seed(0))
    assert torch.equal(torch.from_numpy(fewer_B), sample(shape_B))
