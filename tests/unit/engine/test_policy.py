"""What acts: one method is enough."""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.engine.arena import Arena
from palestra.engine.policy import Policy
from palestra.engine.state import declared
from palestra.envs.world import World
from palestra.measure import Measure


class Second(Policy):
    """Takes the second action, whatever it sees."""

    def act(self, seen: Any, *, deterministic: bool = True) -> Tensor:
        return torch.ones(len(seen), dtype=torch.int64)


def test_one_method_makes_a_policy_that_can_be_measured() -> None:
    arena = Arena(World("probe/ActionDependent"), torch.device("cpu"))
    assert arena.measured(Second(), Measure(7)).samples.tolist() == [1.0] * 7  # the probe pays 1 for action 1
    assert (Second.sees, declared(Second())) == ("observation", ())


def test_without_it_there_is_none() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Policy()  # type: ignore[abstract]
