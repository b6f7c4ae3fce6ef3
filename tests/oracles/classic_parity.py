"""Our classic worlds against Gymnasium's, from the same states with the same actions."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic import acrobot, cartpole, mountain_car, mountain_car_continuous, pendulum
from palestra.envs.registry import CLASSIC

NUM = 1000
HIGH = {  # the range of states that the comparison draws from; beyond the limits where an episode ends
    "Acrobot-v1": (np.pi, np.pi, acrobot.MAX_VELOCITY_1, acrobot.MAX_VELOCITY_2),
    "CartPole-v1": (2.6, 3.0, 0.25, 3.0),
    "MountainCar-v0": (0.9, 0.07),
    "MountainCarContinuous-v0": (0.9, 0.07),
    "Pendulum-v1": (4.0, 8.0),
    "palestra/PendulumDiscrete-v1": (4.0, 8.0),
}
CENTRE = {"MountainCar-v0": (-0.3, 0.0), "MountainCarContinuous-v0": (-0.3, 0.0)}


def states_and_actions(env_id: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    high = torch.tensor(HIGH[env_id])
    states = high * (2 * torch.rand(NUM, len(high), generator=generator) - 1)
    states += torch.tensor(CENTRE.get(env_id, (0.0,)))
    if "MountainCar" in env_id:
        states[:, 0].clamp_(mountain_car.MIN_POSITION, mountain_car.MAX_POSITION)
    space = CLASSIC[env_id].action_space
    if isinstance(space, spaces.Discrete):
        return states, torch.randint(int(space.n), (NUM,), generator=generator)
    assert isinstance(space, spaces.Box)
    return states, float(space.high[0]) * (2 * torch.rand(NUM, 1, generator=generator) - 1)


def gymnasium_steps(env_id: str, states: Tensor, actions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Next state (float64), observation, reward and terminated of each state and action."""
    env: Any = gym.make(env_id).unwrapped
    env.reset(seed=0)
    results = []
    for state, action in zip(states.double().numpy(), actions.numpy(), strict=True):
        env.state = state.copy()
        env.steps_beyond_terminated = None
        obs, reward, terminated, _, _ = env.step(action)
        results.append((np.array(env.state, np.float64), obs, float(reward), terminated))
    state, obs, reward, terminated = zip(*results, strict=True)
    return (
        torch.from_numpy(np.stack(state)),
        torch.from_numpy(np.stack(obs)),
        torch.tensor(reward),
        torch.tensor(terminated),
    )


def check_one_step(env_id: str) -> None:
    """One step from any state equals Gymnasium's."""
    states, actions = states_and_actions(env_id)
    if env_id == "Acrobot-v1":  # at its greatest speeds one step magnifies float32's rounding beyond the tolerance
        states[:, 2:] *= 0.5
    _, obs, reward, terminated = gymnasium_steps(env_id, states, actions)
    env = TorchVectorEnv(CLASSIC[env_id](NUM, "cpu"))
    env.set_state(states)
    result = env.step(actions)
    assert torch.equal(result.terminated, terminated)
    assert "Pendulum" in env_id or 0 < int(terminated.sum()) < NUM
    torch.testing.assert_close(result.final_obs, obs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(result.reward, reward, rtol=1e-5, atol=1e-5)
    assert torch.equal(result.obs[~terminated], result.final_obs[~terminated])


DYNAMICS: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, ...]]] = {
    "Acrobot-v1": acrobot.dynamics,
    "CartPole-v1": lambda state, action: cartpole.dynamics(
        state, action, cartpole.constants(NUM, torch.device("cpu"), torch.float64)
    ),
    "MountainCar-v0": mountain_car.dynamics,
    "MountainCarContinuous-v0": mountain_car_continuous.dynamics,
    "Pendulum-v1": pendulum.dynamics,
    "palestra/PendulumDiscrete-v1": lambda state, action: pendulum.dynamics(
        state, (action[:, None].double() - 5) * 0.4
    ),
}


def check_equations(env_id: str) -> None:
    """The equations are Gymnasium's to the last digits of float64."""
    states, actions = states_and_actions(env_id)
    state = gymnasium_steps(env_id, states, actions)[0]
    actual = DYNAMICS[env_id](states.double(), actions)[0]
    if "Pendulum" in env_id:  # ours is kept wrapped
        turns = (state[:, 0] - actual[:, 0]) / (2 * np.pi)
        torch.testing.assert_close(turns, turns.round(), rtol=0, atol=1e-12)
        actual, state = actual[:, 1], state[:, 1]
    # Gymnasium computes the torque of Pendulum and all of MountainCarContinuous's state in float32
    tolerance = 1e-6 if env_id == "MountainCarContinuous-v0" or "Pendulum" in env_id else 1e-11
    torch.testing.assert_close(actual, state, rtol=tolerance, atol=tolerance)


BALANCE = torch.tensor([0.1, 0.5, 8.0, 2.0])
POLICIES: dict[str, Callable[[Tensor], Tensor]] = {  # each keeps its environment from terminating
    "Acrobot-v1": lambda obs: torch.ones(len(obs), dtype=torch.int64),
    "CartPole-v1": lambda obs: (obs @ BALANCE > 0).long(),
    "MountainCar-v0": lambda obs: torch.ones(len(obs), dtype=torch.int64),
    "MountainCarContinuous-v0": lambda obs: torch.zeros(len(obs), 1),
    "Pendulum-v1": lambda obs: torch.zeros(len(obs), 1),
    "palestra/PendulumDiscrete-v1": lambda obs: torch.zeros(len(obs), dtype=torch.int64),
}


def check_time_limit(env_id: str) -> None:
    """The time limit is Gymnasium's."""
    reference: Any = gym.make(env_id)
    ours, policy = TorchVectorEnv(CLASSIC[env_id](2, "cpu")), POLICIES[env_id]
    obs = torch.from_numpy(reference.reset(seed=0)[0]).unsqueeze(0)
    start = torch.from_numpy(np.array(reference.unwrapped.state, np.float32))
    seen = ours.set_state(start.expand(2, -1))
    steps, truncated = 0, False
    while not truncated:
        action = policy(obs)[0].numpy()
        next_obs, _, terminated, truncated, _ = reference.step(action)
        obs = torch.from_numpy(next_obs).unsqueeze(0)
        assert not terminated
        result = ours.step(policy(seen))
        seen = result.obs
        steps += 1
        assert not result.terminated.any()
        assert result.truncated.tolist() == [truncated, truncated]
    assert steps == ours.max_episode_steps


def check_spaces(env_id: str) -> None:
    """Spaces and limits are Gymnasium's."""
    reference, ours = gym.make(env_id), CLASSIC[env_id]
    assert ours.observation_space == reference.observation_space
    assert ours.action_space == reference.action_space
    assert reference.spec is not None
    assert ours.max_episode_steps == reference.spec.max_episode_steps


def check_starts(env_id: str) -> None:
    """Episodes begin as Gymnasium's do."""
    reference: Any = gym.make(env_id).unwrapped
    starts = torch.from_numpy(np.stack([reference.reset(seed=seed)[0] for seed in range(2000)]))
    ours = TorchVectorEnv(CLASSIC[env_id](2000, "cpu")).reset(0)
    # the means and spreads of 2,000 draws, each with a standard error of about 2 % of the spread
    spread = starts.std(0)
    assert ((ours.mean(0) - starts.mean(0)).abs() <= 0.15 * spread).all()
    assert ((ours.std(0) - spread).abs() <= 0.15 * spread).all()
    assert (ours.amax(0) <= starts.amax(0) + 0.02 * spread).all()
    assert (ours.amin(0) >= starts.amin(0) - 0.02 * spread).all()
