"""Target networks: copies of their own that move together, and only when they are told to."""

import torch

from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.ensemble import Ensemble
from palestra.nets.targets import slow_copy


def test_copies_follow_by_their_share_and_are_never_trained() -> None:
    networks = [Ensemble(2, [3, 4, 1], torch.Generator().manual_seed(i)) for i in range(2)]
    copies = [slow_copy(network) for network in networks]
    optimizer = ClippedAdam(networks, 1e-3)
    targets = flatten_parameters(copies)
    before = targets.clone()
    assert torch.equal(before, optimizer.flat)
    assert not any(p.requires_grad for network in copies for p in network.parameters())
    optimizer.flat.add_(1.0)
    assert torch.equal(targets, before)  # memory of their own
    targets.lerp_(optimizer.flat, 0.25)
    torch.testing.assert_close(targets, before + 0.25)
    assert torch.equal(torch.cat([p.flatten() for network in copies for p in network.parameters()]), targets)
    targets.copy_(optimizer.flat)
    assert torch.equal(targets, optimizer.flat)
