"""SGD over one flat vector against PyTorch's own, on the separate tensors."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.engine.state import capture, restore
from palestra.nets.sgd import SGD
from palestra.runs.codec import decode, encode


def net(seed: int = 0) -> nn.Sequential:
    torch.random.set_rng_state(torch.Generator().manual_seed(seed).get_state())
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))


def loss(net: nn.Module, i: int) -> Tensor:
    x = torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(i))
    squared: Tensor = (net(x) - 1).square().mean()
    return squared


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_it_is_pytorchs_with_what_decays_in_a_group_of_its_own(
    momentum: float, nesterov: bool, weight_decay: float
) -> None:
    ours, theirs = net(), net()
    decaying = [p for p in theirs.parameters() if p.dim() > 1]
    others = [p for p in theirs.parameters() if p.dim() == 1]
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": weight_decay}, {"params": others}]
    optimizer = SGD([ours], 0.05, momentum, nesterov, weight_decay=weight_decay)
    reference = torch.optim.SGD(groups, 0.05, momentum, nesterov=nesterov)
    for i in range(20):
        optimizer.learning_rate = reference.param_groups[0]["lr"] = reference.param_groups[1]["lr"] = 0.05 / (i + 1)
        optimizer.descend(loss(ours, i))
        reference.zero_grad()
        loss(theirs, i).backward()
        reference.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_it_goes_on_from_a_saved_state() -> None:
    one, two = net(), net(1)
    optimizer, other = SGD([one], 0.05, 0.9), SGD([two], 7.0, 0.9)
    for i in range(3):
        optimizer.descend(loss(one, i))
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    restore(other, decode(*encode(capture(optimizer))))
    optimizer.descend(loss(one, 3))
    other.descend(loss(two, 3))
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), two.parameters(), strict=True))
