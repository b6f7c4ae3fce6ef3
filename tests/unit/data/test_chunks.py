"""Chunks under way: the mean of what several meant for a step, and for no other episode."""

import math

import pytest
import torch
from torch import Generator, Tensor

from palestra.data.chunks import Ensembled

NOBODY = torch.zeros(2, dtype=torch.bool)


def numbered(rows: int, horizon: int, begin: float) -> Tensor:
    """Chunks of one number, which counts from ``begin`` on, a hundred more in each row."""
    return (begin + torch.arange(horizon).float() + 100 * torch.arange(rows)[:, None])[..., None]


def test_the_mean_of_what_was_meant_is_that_of_the_paper() -> None:
    """Zhao et al. 2023, algorithm 2, in loops: a buffer for each step, and weights of exp(-m i) from the oldest on."""
    horizon, decay, steps = 3, 0.5, 6
    rng = Generator().manual_seed(0)
    made = torch.randn(steps, 2, horizon, 2, generator=rng)
    buffers: list[list[Tensor]] = [[] for _ in range(steps + horizon)]
    chunks = Ensembled(2, horizon, 2, decay, torch.device("cpu"))
    for t in range(steps):
        for ahead in range(horizon):
            buffers[t + ahead].append(made[t, :, ahead])
        weights = [math.exp(-decay * i) for i in range(len(buffers[t]))]
        expected = sum(w * a for w, a in zip(weights, buffers[t], strict=True)) / sum(weights)
        torch.testing.assert_close(chunks.see(made[t]), expected)
        torch.testing.assert_close(chunks.see(made[t]), expected)  # nobody has told
        chunks.told(NOBODY)


def test_nothing_is_meant_for_another_episode() -> None:
    chunks = Ensembled(2, 3, 1, 0.0, torch.device("cpu"))
    chunks.see(numbered(2, 3, 0.0))
    chunks.told(torch.tensor([True, False]))
    now = chunks.see(numbered(2, 3, 10.0))
    assert now.tolist() == [[10.0], [pytest.approx((110 + 101) / 2)]]


def test_they_go_on_where_no_gradient_is_taken() -> None:
    chunks = Ensembled(2, 3, 1, 0.1, torch.device("cpu"))
    with torch.inference_mode():
        chunks.told(NOBODY)
    chunks.told(NOBODY)
    assert chunks.age.tolist() == [2, 2]
