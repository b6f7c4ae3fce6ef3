"""A network's summary: what stands in its rows, and that looking changes nothing."""

import copy

import pytest
import torch
from torch import nn

from palestra.nets.dropout import Dropout
from palestra.nets.summary import Row, parameter_count, summarised


def net() -> nn.Sequential:
    body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), Dropout(0.5))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(100, 3))


def test_a_row_says_what_a_layer_makes_and_how_much_it_learns() -> None:
    blocks = (
        Row("0", "Sequential", 1, (4, 5, 5), 36 + 4 + 8),
        Row("1", "Flatten", 1, (100,), 0),
        Row("2", "Linear", 1, (3,), 303),
    )
    assert summarised(net(), (1, 5, 5)) == blocks
    assert sum(row.parameters for row in blocks) == parameter_count(net()) == 351
    deep = summarised(net(), (1, 5, 5), depth=2)
    assert [row.name for row in deep] == ["0", "0.0", "0.1", "0.2", "0.3", "1", "2"]
    assert deep[1] == Row("0.0", "Conv2d", 2, (4, 5, 5), 40)
    assert summarised(net(), (1, 5, 5), depth=0) == ()


def test_looking_changes_nothing() -> None:
    looked_at = net()
    looked_at[0][1].eval()  # one part in evaluation, as where it is frozen
    modes, state = [m.training for m in looked_at.modules()], copy.deepcopy(looked_at.state_dict())
    before = torch.random.get_rng_state()
    summarised(looked_at, (1, 5, 5), depth=2)
    with pytest.raises(RuntimeError):
        summarised(looked_at, (1, 6, 6))
    assert [m.training for m in looked_at.modules()] == modes
    assert all(torch.equal(state[name], x) for name, x in looked_at.state_dict().items())
    assert not any(m._forward_hooks for m in looked_at.modules())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_shared_layer_is_counted_once_and_an_unused_one_not_shown() -> None:
    shared = nn.Linear(4, 4)
    tied = nn.Sequential(shared, nn.ReLU(), shared)
    assert parameter_count(tied) == 20
    assert [row.name for row in summarised(tied, (4,))] == ["0", "1"]

    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(2, 3), nn.Linear(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.used(x)
            return out

    assert [row.name for row in summarised(Half(), (2,))] == ["used"]
