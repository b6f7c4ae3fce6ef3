"""Replay beside demonstrations: so many of each batch, each part uniformly, and only its own is saved."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.data.demonstrated import DemonstratedReplay
from palestra.data.replay import ReplayBuffer
from palestra.data.rollout import Rollout
from palestra.runs.codec import decode, encode

SPACE, CPU = spaces.Box(-np.inf, np.inf, (1,)), torch.device("cpu")


def ring(numbers: Tensor, capacity: int) -> ReplayBuffer:
    """Transitions whose every number is one of these."""
    replay = ReplayBuffer(capacity, 1, SPACE, (1,), torch.float32, CPU)
    column, never = numbers[:, None], torch.zeros(len(numbers), 1, dtype=torch.bool)
    replay.add(Rollout(column[..., None], column[..., None], column, never, never, column[..., None]))
    return replay


def made(share: float = 0.5, digest: str = "it") -> DemonstratedReplay:
    """Seven of its own, 1 to 7, beside five that were shown, -1 to -5."""
    return DemonstratedReplay(ring(torch.arange(1.0, 8.0), 10), ring(-torch.arange(1.0, 6.0), 5), share, digest)


@pytest.mark.parametrize(("share", "num", "shown"), [(0.5, 8, 4), (0.25, 8, 2), (0.5, 7, 4), (0.9, 4, 4)])
def test_so_many_of_a_batch_were_shown(share: float, num: int, shown: int) -> None:
    replay, rng = made(share), torch.Generator().manual_seed(0)
    for _ in range(20):
        b = replay.sample(num, rng, gamma=0.9)
        assert (b.obs_BF < 0).flatten().tolist() == [False] * (num - shown) + [True] * shown
        assert torch.equal(b.action_B, b.obs_BF)


def test_each_part_is_drawn_uniformly() -> None:
    b = made().sample(20_000, torch.Generator().manual_seed(0), gamma=0.9)
    drawn = b.obs_BF.flatten().long().tolist()
    shares = [drawn.count(number) / 10_000 for number in (*range(1, 8), *range(-5, 0))]
    assert shares == pytest.approx([1 / 7] * 7 + [1 / 5] * 5, abs=0.02)


def test_it_grows_and_is_cut_as_its_own_part() -> None:
    replay, own = made(), ring(torch.arange(1.0, 8.0), 10)
    more = Rollout(*(torch.full(shape, 9.0) for shape in ((1, 1, 1), (1, 1, 1), (1, 1))),
                   *(torch.zeros(1, 1, dtype=torch.bool) for _ in range(2)), torch.full((1, 1, 1), 9.0))  # fmt: skip
    for each in (replay, own):
        each.add(more)
        each.cut(torch.ones(1, dtype=torch.bool))
    assert len(replay) == len(own) == 8
    assert torch.equal(
        replay.own.take(torch.arange(8), n_step=3, gamma=0.9).return_B,
        own.take(torch.arange(8), n_step=3, gamma=0.9).return_B,
    )


def test_it_goes_on_from_a_saved_state_and_says_where_something_else_was_shown() -> None:
    replay, resumed = made(), made()
    resumed.own = ring(torch.zeros(3), 10)
    state = decode(*encode(replay.state_dict()))
    assert resumed.load_state_dict(state) == []
    draws = [each.sample(50, torch.Generator().manual_seed(1), gamma=0.9) for each in (replay, resumed)]
    assert all(torch.equal(a, b) for a, b in zip(*draws))
    assert made(digest="other").load_state_dict(state) == [
        "not exact: the demonstrations are others than those that the training began with"
    ]
