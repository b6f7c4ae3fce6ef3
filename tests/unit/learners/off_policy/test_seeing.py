"""Batches on their way to critics: encoder and slow copy each at its place, and nothing done where nothing learns."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.data.replay import Transitions
from palestra.learners.off_policy.seeing import seen, seen_slowly
from palestra.nets.encoders import make_encoder
from palestra.nets.targets import slow_copy

IMAGES, VECTORS = spaces.Box(0, 255, (2, 16, 16), np.uint8), spaces.Box(-1.0, 1.0, (3,))


def batch(space: spaces.Box) -> Transitions:
    rng = np.random.default_rng(0)
    high = 255 if space.dtype == np.uint8 else 1
    obs, next_obs = (torch.from_numpy(rng.integers(0, high + 1, (4, *space.shape)).astype(space.dtype)) for _ in "ab")
    return Transitions(obs, torch.arange(4.0)[:, None], torch.arange(4.0), torch.ones(4), next_obs)


@torch.no_grad()
def test_images_go_through_the_encoder_and_what_follows_through_its_copy() -> None:
    encoder = make_encoder(IMAGES, torch.Generator().manual_seed(0), "fast")
    slow = slow_copy(encoder)
    for p in slow.parameters():
        p.add_(0.1)
    b = batch(IMAGES)
    found, slowly = seen(b, encoder, slow), seen_slowly(b, encoder, slow)
    for obs in (found.obs_BF, slowly.obs_BF):
        assert obs.requires_grad
        torch.testing.assert_close(obs.detach(), encoder.see(b.obs_BF))
    torch.testing.assert_close(found.next_obs_BF, encoder.see(b.next_obs_BF))
    torch.testing.assert_close(found.slow_next_obs_BF, slow.see(b.next_obs_BF))
    torch.testing.assert_close(slowly.next_obs_BF, found.slow_next_obs_BF)
    assert not torch.allclose(found.next_obs_BF, found.slow_next_obs_BF)
    assert found[1:4] == slowly[1:4] == b[1:4]


@pytest.mark.parametrize("space", [VECTORS, IMAGES])
def test_what_nothing_learns_from_is_taken_as_it_is(space: spaces.Box) -> None:
    encoder = make_encoder(space, torch.Generator().manual_seed(0), "flat")
    b = batch(space).seen_by(encoder.to_batch)
    found, slowly = seen(b, encoder, encoder), seen_slowly(b, encoder, encoder)
    assert slowly is b
    assert found.obs_BF is b.obs_BF
    assert found.next_obs_BF is found.slow_next_obs_BF is b.next_obs_BF
    assert found[1:4] == b[1:4]
