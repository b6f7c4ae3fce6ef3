"""Worlds that are stepped as one: each stands, and draws, as it would alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.joined import Joined
from palestra.envs.registry import CLASSIC, make_vec
from palestra.envs.vector import StepResult
from palestra.errors import UsageError

COPIES, STEPS, SEEDS = 5, 30, (3, 1, 2)
FINITE = ("CliffWalking-v1", "FrozenLake-v1", "Blackjack-v1", "palestra/GridWorld-v0")
LIMITED = {"CliffWalking-v1": {"max_episode_steps": 20}}


def made(env_id: str) -> list[TorchVectorEnv]:
    """Three worlds that have begun, some of whose copies are near their limit."""
    worlds = []
    for seed in SEEDS:
        world = make_vec(env_id, COPIES, env_kwargs=LIMITED.get(env_id))
        assert isinstance(world, TorchVectorEnv)
        world.reset(seed)
        if world.max_episode_steps is not None:
            world.stand(world.state, torch.arange(COPIES) + world.max_episode_steps - 2 * COPIES)
        worlds.append(world)
    return worlds


def actions(world: TorchVectorEnv) -> Tensor:
    """(STEPS, 3, COPIES, ...) at random."""
    rng = torch.Generator().manual_seed(0)
    shape = (STEPS, len(SEEDS), COPIES, *(world.action_space.shape or ()))
    if hasattr(world.action_space, "n"):
        return torch.randint(int(world.action_space.n), shape, generator=rng)
    return torch.rand(shape, generator=rng) * 2 - 1


def same(one: StepResult, other: StepResult, exact: bool) -> None:
    """Equal: of finite worlds to the bit, of others but for the rounding of a longer batch."""
    for a, b in zip(one, other, strict=True):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b, rtol=0, atol=0 if exact else 1e-5)


@pytest.mark.parametrize("env_id", [*CLASSIC, *FINITE])
def test_joined_worlds_are_each_as_alone(env_id: str) -> None:
    alone, together = made(env_id), made(env_id)
    acted = actions(alone[0])
    expected = [[world.step(acted[t, i]) for t in range(STEPS)] for i, world in enumerate(alone)]
    joined = Joined(together)
    joined.gather()
    ends = 0
    for t in range(STEPS):
        result = joined.step(acted[t].flatten(0, 1))
        ends += int((result.terminated | result.truncated).sum())
        for i in range(len(SEEDS)):
            part = StepResult(*(x[i * COPIES : (i + 1) * COPIES] for x in result))
            same(part, expected[i][t], env_id in FINITE)
    assert ends > len(SEEDS)
    joined.scatter()
    for one, other in zip(together, alone, strict=True):
        assert torch.equal(one.dynamics.generator.get_state(), other.dynamics.generator.get_state())
        assert torch.equal(one.elapsed, other.elapsed)
        same(one.step(acted[0, 0]), other.step(acted[0, 0]), env_id in FINITE)  # and alone it goes on


def test_each_begins_by_its_own_seed() -> None:
    worlds = made("CartPole-v1")
    obs = Joined(worlds).reset([7, 8, 7])
    assert torch.equal(obs[:COPIES], make_vec("CartPole-v1", COPIES).reset(7))
    assert torch.equal(obs[:COPIES], obs[2 * COPIES :])
    assert not torch.equal(obs[:COPIES], obs[COPIES : 2 * COPIES])


@pytest.mark.parametrize(
    ("env_id", "given", "said"),
    [
        ("CartPole-v1", {"backend": "sync"}, "GymVectorEnv; expected one of tensors"),
        ("probe/PixelTarget", {}, "steps may draw random numbers"),
    ],
)
def test_others_are_refused_in_one_line(env_id: str, given: dict[str, Any], said: str) -> None:
    world = make_vec(env_id, 2, **given)
    with pytest.raises(UsageError, match=said):
        Joined([world])
    world.close()
