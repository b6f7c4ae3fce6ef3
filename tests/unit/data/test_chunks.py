"""Chunks under way: how much of one is done, when another is due, and the mean of what several meant."""

import math

import pytest
import torch
from torch import Generator, Tensor

from palestra.data.chunks import Ensembled, Receding

NOBODY = torch.zeros(2, dtype=torch.bool)


def numbered(rows: int, horizon: int, begin: float) -> Tensor:
    """Chunks of one number, which counts from ``begin`` on, a hundred more in each row."""
    return (begin + torch.arange(horizon).float() + 100 * torch.arange(rows)[:, None])[..., None]


def test_so_much_of_a_chunk_is_done_before_the_next_one() -> None:
    chunks, done = Receding(2, 4, 1, 3, 1, Generator().manual_seed(0)), []
    for step in range(7):
        assert chunks.due.tolist() == ([0, 1] if step % 3 == 0 else [])
        if len(chunks.due):
            chunks.put(chunks.due, numbered(2, 4, 10.0 * step))
        done.append(chunks.now().squeeze(1).tolist())
        chunks.told(NOBODY)
    assert done == [[0, 100], [1, 101], [2, 102], [30, 130], [31, 131], [32, 132], [60, 160]]


def test_an_episode_that_begins_needs_a_chunk_of_its_own_and_luck_of_its_own() -> None:
    chunks = Receding(2, 4, 1, 3, 2, Generator().manual_seed(0))
    chunks.put(chunks.due, numbered(2, 4, 0.0))
    assert chunks.noise.shape == (2, 2, 4, 1)
    before = chunks.noise.clone()
    chunks.told(torch.tensor([False, True]))
    assert chunks.due.tolist() == [1]
    assert torch.equal(chunks.noise[0], before[0])
    assert not torch.equal(chunks.noise[1], before[1])
    chunks.put(chunks.due, numbered(1, 4, 50.0))
    assert chunks.now().tolist() == [[1.0], [50.0]]
    assert chunks.now().tolist() == [[1.0], [50.0]]  # who asks twice asks the same
    chunks.told(NOBODY)
    assert chunks.now().tolist() == [[2.0], [51.0]]


def test_at_most_all_of_a_chunk_is_done_and_luck_can_be_the_same() -> None:
    chunks = Receding(3, 2, 1, 9, 1, Generator().manual_seed(0), alike=True)
    assert chunks.execute == 2
    assert torch.equal(chunks.noise, chunks.noise[:1].expand(3, -1, -1, -1))
    other = Receding(3, 2, 1, 9, 1, Generator().manual_seed(0))
    assert not torch.equal(other.noise[0], other.noise[1])


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
    for chunks in (Receding(2, 3, 1, 2, 1, Generator().manual_seed(0)), Ensembled(2, 3, 1, 0.1, torch.device("cpu"))):
        with torch.inference_mode():
            chunks.told(NOBODY)
        chunks.told(NOBODY)
        assert len(chunks) == 2
