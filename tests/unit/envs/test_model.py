"""A world as functions: the same steps as the environment takes, for any number of rows, with derivatives."""

import math

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.model import Model
from palestra.envs.registry import CLASSIC, make_vec
from palestra.errors import UsageError
from palestra.ops.expansion import curvature, jacobian

PLANNED = [name for name, rules in CLASSIC.items() if isinstance(rules.action_space, spaces.Box)]
PLANNED.remove("palestra/TwoWays-v0")  # where an action by chance ends an episode soon, and nothing is paid on the way
"""Those of the classic worlds whose actions are numbers; a new one enters by itself."""


def actions(env: TorchVectorEnv, steps: int) -> Tensor:
    low, high = (torch.from_numpy(bound) for bound in (env.action_space.low, env.action_space.high))
    rng = torch.Generator().manual_seed(0)
    return low + (high - low) * torch.rand(steps, env.num_envs, *low.shape, generator=rng)


def made(env_id: str, num_envs: int = 3) -> TorchVectorEnv:
    env = make_vec(env_id, num_envs)
    assert isinstance(env, TorchVectorEnv)
    return env


@pytest.mark.parametrize("backend", ["torch", "sync"])
@pytest.mark.parametrize("env_id", PLANNED)
def test_it_goes_where_the_environment_goes_by_what_is_observed(env_id: str, backend: str) -> None:
    model, env = Model(made(env_id)), make_vec(env_id, 3, backend=backend)
    obs, plan = env.reset(0), actions(made(env_id), 40)
    path = model.follow(model.state(obs).double(), plan)
    assert path.states.shape == (41, 3, model.state_size)
    for t, action in enumerate(plan):
        result = env.step(action)
        assert not (result.terminated | result.truncated).any()
        seen = model.state(result.final_obs).double()
        assert float(model.difference(seen, path.states[t + 1]).abs().max()) < 2e-3  # float32, forty steps on
        torch.testing.assert_close(path.costs[t].float(), -result.reward, rtol=1e-2, atol=2e-3)
    torch.testing.assert_close(path.total, path.costs.sum(0))


@pytest.mark.parametrize("env_id", PLANNED)
def test_derivatives_are_what_differences_say(env_id: str) -> None:
    env = made(env_id, 5)
    model = Model(env)
    size, step = model.state_size, 1e-5
    rng = torch.Generator().manual_seed(1)
    state = model.state(env.reset(0)).double() + 0.02 * torch.randn(5, size, generator=rng, dtype=torch.float64)
    at = torch.cat((state, 0.3 * actions(env, 1)[0].double()), 1)
    after = lambda rows: model.step(rows[:, :size], rows[:, size:])[0]  # noqa: E731
    cost = lambda rows: model.step(rows[:, :size], rows[:, size:])[1]  # noqa: E731
    ways = torch.eye(at.shape[1], dtype=torch.float64)
    by_difference = torch.stack(
        [model.difference(after(at + step * way), after(at - step * way)) / (2 * step) for way in ways], -1
    )
    torch.testing.assert_close(jacobian(after, at), by_difference, rtol=1e-6, atol=1e-8)
    slope, bend = curvature(cost, at)
    slope_by_difference = torch.stack([(cost(at + step * way) - cost(at - step * way)) / (2 * step) for way in ways], 1)
    torch.testing.assert_close(slope, slope_by_difference, rtol=1e-6, atol=1e-8)
    slopes = [curvature(cost, at + sign * step * way)[0] for way in ways for sign in (1, -1)]
    bent = torch.stack([(up - down) / (2 * step) for up, down in zip(slopes[::2], slopes[1::2], strict=True)], -1)
    torch.testing.assert_close(bend, bent, rtol=1e-5, atol=1e-7)


def test_after_an_end_nothing_moves_and_nothing_costs() -> None:
    model = Model(made("MountainCarContinuous-v0"))
    state = torch.tensor([[0.44, 0.05], [-0.5, 0.0]])  # one is about to arrive
    path = model.follow(state, torch.zeros(5, 2, 1))
    assert path.costs[0].tolist() == [-100.0, 0.0]
    assert not path.costs[1:].any()
    assert torch.equal(path.states[1:, 0], path.states[1:2, 0].expand(5, -1))
    assert not torch.equal(path.states[1, 1], path.states[2, 1])


def test_angles_differ_by_less_than_half_a_turn() -> None:
    model = Model(made("Pendulum-v1"))
    apart = model.difference(torch.tensor([[3.1, 5.0]]), torch.tensor([[-3.1, 1.0]]))
    torch.testing.assert_close(apart, torch.tensor([[6.2 - 2 * math.pi, 4.0]]))
    assert model.state_names == ("angle", "velocity")
    assert Model(made("probe/ContinuousTarget")).state_names == ("state 1",)
    assert torch.equal(Model(made("probe/TwoTargets")).rest, torch.zeros(2))


@pytest.mark.parametrize(
    ("env_id", "settings", "message"),
    [
        ("CartPole-v1", {}, r"actions Discrete\(2\); expected actions that are a vector of numbers"),
        (
            "Pendulum-v1",
            {"backend": "sync"},
            r"by GymVectorEnv; expected one of our batched worlds \(backend='torch'\)",
        ),
        ("palestra/ArmReach-v0", {}, "ArmTwin, whose observation is not its state; expected a world that reads"),
    ],
)
def test_what_cannot_be_planned_in_is_refused(env_id: str, settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Model(make_vec(env_id, 2, **settings))
