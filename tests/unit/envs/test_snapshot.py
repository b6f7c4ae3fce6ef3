"""A snapshot continues bit for bit, in this episode and in those after it."""

import json
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import TransformReward

from palestra.envs import snapshot
from palestra.envs.backends.making import make_gym_env

CLASSIC = ["Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1"]
CLASSIC += ["palestra/CartPoleSwingUp-v0", "palestra/DoubleIntegrator-v0", "palestra/PendulumDiscrete-v1"]
CLASSIC += ["palestra/DoublePendulum-v0", "palestra/PlanarQuadrotor-v0"]
CLASSIC += ["palestra/TwoWays-v0"]
TOY = ["Blackjack-v1", "CliffWalking-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v4"]
OURS = ["palestra/Garnet-v0", "palestra/GridWorld-v0", "palestra/CartPoleMasked-v0", "palestra/TMaze-v0"]
ATARI = ["ALE/Breakout-v5"]
MUJOCO = [
    f"{name}-v5"
    for name in (
        "Ant",
        "HalfCheetah",
        "Hopper",
        "Humanoid",
        "HumanoidStandup",
        "InvertedDoublePendulum",
        "InvertedPendulum",
        "Pusher",
        "Reacher",
        "Swimmer",
        "Walker2d",
    )
]


def play(env: gym.Env[Any, Any], num_steps: int, seed: int) -> list[Any]:
    """Random actions, with resets that go on with the environment's own generator."""
    env.action_space.seed(seed)
    seen: list[Any] = []
    for _ in range(num_steps):
        obs, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        seen.append((obs.tobytes(), float(reward), terminated, truncated))
        if terminated or truncated:
            seen.append(env.reset()[0].tobytes())
    return seen


@pytest.mark.parametrize("env_id", CLASSIC + TOY + OURS + ATARI + MUJOCO)
def test_continuing_from_a_snapshot_is_bit_identical(env_id: str) -> None:
    if env_id in ATARI:
        pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    if env_id in MUJOCO:
        pytest.importorskip("mujoco", reason="the [mujoco] extra is not installed")
    settings = {"max_episode_steps": 60}  # so that the steps that follow cross episodes
    env, other = (make_gym_env(env_id, env_kwargs=settings) for _ in range(2))
    assert snapshot.has_snapshot(env)
    env.reset(seed=1)
    play(env, 83, seed=0)
    saved = snapshot.capture(env)
    expected = play(env, 200, seed=2)
    other.reset(seed=9)
    play(other, 5, seed=3)
    other.reset()
    assert snapshot.restore(other, saved)
    assert play(other, 200, seed=2) == expected


def test_a_snapshot_is_arrays_and_json_and_is_not_changed_by_later_steps() -> None:
    env = make_gym_env("Pendulum-v1")
    env.reset(seed=0)
    saved = snapshot.capture(env)
    state = saved["inside"]["state"].copy()
    play(env, 5, seed=0)
    assert np.array_equal(saved["inside"].pop("state"), state)
    assert json.loads(json.dumps(saved)) == saved


def test_a_snapshot_of_another_environment_is_refused() -> None:
    cartpole, pendulum = make_gym_env("CartPole-v1"), make_gym_env("Pendulum-v1")
    cartpole.reset(seed=0)
    pendulum.reset(seed=0)
    assert not snapshot.restore(pendulum, snapshot.capture(cartpole))


def test_only_what_is_known_whole_has_a_snapshot() -> None:
    class Changed(type(gym.make("CartPole-v1").unwrapped)):  # type: ignore[misc]
        pass

    assert not snapshot.has_snapshot(Changed())
    assert not snapshot.has_snapshot(TransformReward(gym.make("CartPole-v1"), lambda reward: reward))
    assert not snapshot.has_snapshot(gym.make("FrozenLake-v1", map_name=None))  # every copy draws its own map
    assert snapshot.has_snapshot(gym.make("FrozenLake-v1", map_name="8x8"))
