"""Adam of many members: each moves as by its own optimizer, clipped by its own norm, at its own rate."""

import torch

from palestra.nets.adam import ClippedAdam
from palestra.nets.mlp import MLP
from palestra.nets.stacked_adam import StackedAdam

RATES, NORMS = (1e-2, 1e-3, 1e-2), (0.5, float("inf"), 100.0)


def made() -> list[ClippedAdam]:
    rng = torch.Generator().manual_seed(0)
    return [ClippedAdam([MLP([3, 5, 2], "relu", rng)], *each) for each in zip(RATES, (1e-5,) * 3, NORMS, strict=True)]


def test_each_moves_as_alone() -> None:
    ours, theirs = made(), made()
    stacked, rng = StackedAdam(ours), torch.Generator().manual_seed(1)
    for _ in range(3):
        stacked.gather()
        gradient_MD = torch.randn(stacked.flat_MD.shape, generator=rng)
        stacked.gradient_MD.copy_(gradient_MD)
        stacked.descend()
        stacked.scatter()
        for optimizer, gradient_D in zip(theirs, gradient_MD, strict=True):
            optimizer.gradient.copy_(gradient_D)
            optimizer.step()
    for one, other in zip(ours, theirs, strict=True):
        assert float(one.steps) == 3.0
        torch.testing.assert_close(one.flat, other.flat)
        torch.testing.assert_close(one.mean, other.mean)
        torch.testing.assert_close(one.square, other.square)
