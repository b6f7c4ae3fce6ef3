"""Screens to pictures, and pictures to what is seen of several."""

import numpy as np
import torch

from palestra.envs.atari.seen import pushed, repeated, small
from palestra.ops.area import area_resize


def test_a_screen_becomes_a_picture_for_each_of_its_colours() -> None:
    rng = np.random.default_rng(0)
    grey, colour = (
        rng.integers(256, size=(2, 210, 160), dtype=np.uint8),
        rng.integers(256, size=(2, 210, 160, 3), dtype=np.uint8),
    )
    assert torch.equal(small(grey, 84)[:, 0], area_resize(torch.from_numpy(grey), 84, 84))
    made = small(colour, 42)
    assert made.shape == (2, 3, 42, 42)
    for channel in range(3):
        plane = torch.from_numpy(np.ascontiguousarray(colour[..., channel]))
        assert torch.equal(made[:, channel], area_resize(plane, 42, 42))
    assert torch.equal(small(colour[:1], 42), made[:1])


def test_the_oldest_picture_goes_when_another_comes() -> None:
    first, second, third = (torch.full((2, 3, 4, 4), shade, dtype=torch.uint8) for shade in (1, 2, 3))
    seen = repeated(first, 2)
    assert torch.equal(seen, torch.cat((first, first), 1))
    seen = pushed(pushed(seen, second), third)
    assert torch.equal(seen, torch.cat((second, third), 1))
