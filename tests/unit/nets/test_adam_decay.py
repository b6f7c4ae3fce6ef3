"""Weight decay apart from Adam's moments, against PyTorch's AdamW."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from palestra.nets.adam import ClippedAdam
from palestra.nets.mlp import MLP


def loss(net: nn.Module, i: int) -> Tensor:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(i))
    squared: Tensor = (net(x) - x[:, :2]).square().mean()
    return squared


def test_it_is_adamw_of_weights_and_adam_of_biases() -> None:
    ours = MLP([3, 6, 2], "tanh", torch.Generator().manual_seed(0))
    theirs, plain = copy.deepcopy(ours), copy.deepcopy(ours)
    groups: list[dict[str, Any]] = [
        {"params": [*theirs.weights], "weight_decay": 0.3},
        {"params": [*theirs.biases], "weight_decay": 0.0},
    ]
    optimizer, without = ClippedAdam([ours], 0.01, weight_decay=0.3), ClippedAdam([plain], 0.01)
    reference = torch.optim.AdamW(groups, 0.01)
    for i in range(30):
        optimizer.descend(loss(ours, i))
        without.descend(loss(plain, i))
        reference.zero_grad()
        loss(theirs, i).backward()
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    assert not torch.allclose(optimizer.flat, without.flat, atol=1e-2)
