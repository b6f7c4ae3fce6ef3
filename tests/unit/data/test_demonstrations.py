"""The ring of demonstrations against a plain list."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.data.demonstrations import Demonstrations
from palestra.errors import UsageError
from palestra.runs.codec import decode, encode

SPACE = spaces.Box(-np.inf, np.inf, (2,))


def make(capacity: int = 7, space: spaces.Box = SPACE) -> Demonstrations:
    return Demonstrations(capacity, space, 1, torch.device("cpu"))


def some(first: int, num: int) -> tuple[torch.Tensor, torch.Tensor]:
    number = torch.arange(first, first + num).float()
    return torch.stack((number, -number), 1), 10.0 * number[:, None]


def test_it_holds_the_latest_each_with_its_action() -> None:
    ring, told = make(), 0
    for num in (3, 2, 4, 7, 1, 5):
        ring.add(*some(told, num))
        told += num
        obs, action = ring.sample(500, torch.Generator().manual_seed(told))
        assert set(obs[:, 0].tolist()) == set(range(max(0, told - 7), told))
        assert torch.equal(obs[:, 1], -obs[:, 0])
        assert torch.equal(action[:, 0], 10.0 * obs[:, 0])
        assert len(ring) == min(told, 7)


def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened() -> None:
    ring, resumed = make(), make()
    ring.add(*some(0, 5))
    ring.add(*some(5, 5))
    resumed.load_state_dict(decode(*encode(ring.state_dict())))
    for one in (ring, resumed):
        one.add(*some(10, 3))
    pairs = [one.sample(50, torch.Generator().manual_seed(0)) for one in (ring, resumed)]
    assert all(torch.equal(x, y) for x, y in zip(*pairs, strict=True))


def test_images_stay_bytes() -> None:
    ring = make(space=spaces.Box(0, 255, (1, 4, 4), np.uint8))
    ring.add(torch.full((2, 1, 4, 4), 200, dtype=torch.uint8), torch.zeros(2, 1))
    assert ring.sample(3, torch.Generator())[0].dtype == torch.uint8


def test_what_cannot_be_done_says_so() -> None:
    with pytest.raises(UsageError, match="a sample of no demonstrations"):
        make().sample(1, torch.Generator())
    with pytest.raises(UsageError, match="8 demonstrations at once; expected at most buffer_size=7"):
        make().add(*some(0, 8))
