"""Gymnasium environments of every kind of space under the contract."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.errors import UsageError


class Echo(gym.Env[Any, Any]):
    """Shows the last action; ends each episode after two steps, by a terminal state and its own cut at once."""

    def __init__(self, space: gym.Space[Any], shown: gym.Space[Any]) -> None:
        self.action_space, self.observation_space = space, shown

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self._shown(0), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action), f"{action!r} is not in {self.action_space}"
        self.steps += 1
        return self._shown(action), np.float64(0.1), self.steps == 2, self.steps == 2, {"changing": [None] * self.steps}

    def _shown(self, action: Any) -> Any:
        if isinstance(self.observation_space, spaces.Discrete):
            return int(action) if action else int(self.observation_space.start)
        assert isinstance(self.observation_space, spaces.Box)
        return np.broadcast_to(action, self.observation_space.shape).astype(self.observation_space.dtype)


gym.register("test/Echo-v0", entry_point=Echo)


def echo(space: gym.Space[Any], shown: gym.Space[Any], backend: Any = "sync") -> GymVectorEnv:
    return GymVectorEnv("test/Echo-v0", 2, backend, env_kwargs={"space": space, "shown": shown})


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_a_discrete_start_is_added_and_taken_off(backend: str) -> None:
    env = echo(spaces.Discrete(3, start=4), spaces.Discrete(3, start=4), backend)
    env.reset(0)
    result = env.step(torch.tensor([0, 2]))
    assert result.obs.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    env.close()


def test_a_multidiscrete_start_is_added() -> None:
    env = echo(spaces.MultiDiscrete([3, 2], start=[5, 7]), spaces.Box(0.0, 9.0, (2,)))
    env.reset(0)
    assert env.step(torch.tensor([[0, 1], [2, 0]])).obs.tolist() == [[5.0, 8.0], [7.0, 7.0]]


def test_a_box_action_is_not_clipped_nor_rounded() -> None:
    env = echo(spaces.Box(-1.0, 1.0, (1,)), spaces.Box(-9.0, 9.0, (1,)))
    env.reset(0)
    assert env.step(torch.tensor([[0.1], [-1.0]])).obs.tolist() == torch.tensor([[0.1], [-1.0]]).tolist()


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_images_stay_uint8_rewards_are_float32_and_a_terminal_state_wins_over_a_cut(backend: str) -> None:
    env = echo(spaces.Discrete(2), spaces.Box(0, 255, (8, 8, 3), np.uint8), backend)
    assert env.reset(0).dtype == torch.uint8
    env.step(torch.tensor([1, 0]))
    result = env.step(torch.tensor([1, 0]))
    assert result.final_obs.dtype == torch.uint8
    assert result.final_obs[:, 0, 0, 0].tolist() == [1, 0]
    assert not result.obs.any()
    assert torch.equal(result.reward, torch.tensor([0.1, 0.1]))
    assert result.terminated.all()
    assert not result.truncated.any()
    env.close()


def test_float64_and_composite_observations_come_as_float32_vectors() -> None:
    env = GymVectorEnv("Blackjack-v1", 3)
    obs = env.reset(0)
    assert (obs.shape, obs.dtype) == ((3, 32 + 11 + 2), torch.float32)
    assert (obs.sum(1) == 3).all()
    env = echo(spaces.Discrete(2), spaces.Box(0.0, 1.0, (2, 2), np.float64))
    assert env.reset(0).dtype == env.step(torch.tensor([1, 1])).final_obs.dtype == torch.float32


def test_time_limits_are_known() -> None:
    assert GymVectorEnv("CartPole-v1", 1).max_episode_steps == 500
    assert GymVectorEnv("CartPole-v1", 1, env_kwargs={"max_episode_steps": 7}).max_episode_steps == 7
    assert GymVectorEnv("CartPole-v1", 1, env_kwargs={"max_episode_steps": -1}).max_episode_steps is None
    assert GymVectorEnv("CliffWalking-v1", 1).max_episode_steps is None


def test_settings_reach_the_environment() -> None:
    env = GymVectorEnv("Pendulum-v1", 1, env_kwargs={"g": 0.0})
    env.reset(0)
    speed = [float(env.step(torch.zeros(1, 1)).obs[0, 2]) for _ in range(2)]
    assert speed[0] == speed[1]


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_an_environment_that_has_no_snapshot_goes_on_by_playing_again(backend: Any) -> None:
    pytest.importorskip("Box2D", reason="the [box2d] extra is not installed")
    envs = [GymVectorEnv("LunarLander-v3", 3, backend) for _ in range(2)]
    generator = torch.Generator().manual_seed(0)
    actions = torch.randint(4, (300, 3), generator=generator)
    envs[0].reset(3)
    for action in actions[:150]:
        last = envs[0].step(action)
    resumed = envs[1].load_state_dict(envs[0].state_dict())
    assert not resumed.restarted.any()
    assert torch.equal(resumed.obs, last.obs)
    for action in actions[150:]:
        first, second = (env.step(action) for env in envs)
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    for env in envs:
        env.close()


def test_only_the_copy_that_cannot_be_restored_begins_anew() -> None:
    env = echo(spaces.Discrete(2), spaces.Box(0.0, 9.0, (1,)))
    env.reset(0)
    env.step(torch.tensor([1, 0]))
    saved = env.state_dict()
    saved["copies"]["1"]["obs"] += 1.0
    assert env.load_state_dict(saved).restarted.tolist() == [False, True]
    with pytest.raises(UsageError, match="2 copies of 'test/Echo-v0' for 3 of 'CartPole-v1'"):
        GymVectorEnv("CartPole-v1", 3).load_state_dict(saved)


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_what_cannot_be_had_is_told(backend: Any) -> None:
    with pytest.raises(UsageError, match="no_such_setting"):
        GymVectorEnv("CartPole-v1", 1, backend, env_kwargs={"no_such_setting": 1})
    with pytest.raises(UsageError, match=r"action space Tuple"):
        echo(spaces.Tuple((spaces.Discrete(2),)), spaces.Discrete(2), backend)
    with pytest.raises(UsageError, match=r"observation space Text"):
        echo(spaces.Discrete(2), spaces.Text(3), backend)
    with pytest.raises(UsageError, match="num_envs=0"):
        GymVectorEnv("CartPole-v1", 0, backend)


class Fine(gym.Env):
    """Has bounds that float32 cannot hold: their roundings lie beyond them."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (1,))
    action_space = gym.spaces.Box(-0.3, 0.3, (1,), np.float64)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        return np.zeros(1, np.float32), float(self.action_space.contains(action)), False, False, {}


def test_no_rounding_leads_beyond_the_bounds() -> None:
    gym.register("tests/Fine-v0", Fine)
    env = GymVectorEnv("tests/Fine-v0", 2)
    env.reset(0)
    assert float(np.float32(0.3)) > 0.3
    assert env.step(torch.tensor([[0.3], [-0.3]])).reward.tolist() == [1.0, 1.0]
    env.close()
