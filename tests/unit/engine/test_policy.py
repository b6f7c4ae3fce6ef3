"""What acts: one method is enough."""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.engine.arena import Arena
from palestra.engine.luck import Sampling
from palestra.engine.policy import Policy, aside
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


class Listening(Second):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Tensor, Tensor, Tensor]] = []

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        self.heard.append((action, reward, done))


def test_it_is_told_of_every_step_in_which_it_is_measured() -> None:
    """Episodes of the probe pay 1, 2, ... up to their lengths: what was told comes to the returns."""
    policy, arena = Listening(), Arena(World("probe/Counting"), torch.device("cpu"))
    for listener in (policy, Sampling(policy)):
        policy.heard.clear()
        returns = arena.measured(listener, Measure(5)).samples
        action, reward, done = (torch.stack(each) for each in zip(*policy.heard))
        assert bool((action == 1).all())
        first = done.cumsum(0) - done.long() == 0  # up to the end of each copy's first episode, that step included
        assert (reward * first).sum(0).tolist() == returns.tolist()


def test_most_do_not_listen() -> None:
    assert Second().told(torch.ones(1), torch.ones(1), torch.ones(1)) is None  # type: ignore[func-returns-value]


class Counting(Second):
    """Counts the steps of its episodes."""

    episodes = ("count",)

    def __init__(self) -> None:
        self.count = [7]

    def reset(self, num: int, *, seed: int) -> None:
        self.count = [0]


def test_episodes_under_way_are_put_aside_for_others() -> None:
    policy = Counting()
    with aside(policy):
        policy.reset(1, seed=0)
        assert policy.count == [0]
    assert policy.count == [7]
    with pytest.raises(ValueError, match="misbehaved"):
        _misbehave(policy)
    assert policy.count == [7]
    with aside(Second()):
        pass


def _misbehave(policy: Policy) -> None:
    with aside(policy):
        policy.reset(1, seed=0)
        raise ValueError("misbehaved")


def test_most_have_nothing_to_show() -> None:
    assert Second().at_work(None) == []  # type: ignore[arg-type]
