"""Finite processes as Gymnasium environments: sampled as they say, and drawn where they have a board."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from palestra.envs.finite.gym_env import FiniteEnv, GarnetEnv, GridWorldEnv
from palestra.envs.finite.mdp import from_arrays
from palestra.envs.registry import reference_env


def test_it_is_a_gymnasium_environment_that_draws_itself() -> None:
    env = gym.make(
        "palestra.envs.registry:palestra/GridWorld-v0", render_mode="rgb_array", desc=["S.#.", "..X.", "#..G"]
    )
    check_env(env.unwrapped, skip_render_check=True)
    env.reset(seed=0)
    before = env.render()
    assert isinstance(before, np.ndarray)
    assert (before.dtype, before.shape) == (np.uint8, (3 * 64, 4 * 64, 3))
    env.step(1)
    after = env.render()
    changed = np.argwhere((before != after).any(2)) // 64
    assert {tuple(cell) for cell in changed} == {(0, 0), (0, 1)}  # the agent has gone from one cell to the next
    large = reference_env("palestra/GridWorld-v0", "rgb_array", {"size": [300, 5]})
    large.reset(seed=0)
    assert np.asarray(large.render()).shape == (300, 6, 3)  # even sides, for films


def test_outcomes_come_as_often_as_their_process_says() -> None:
    probability = np.zeros((3, 1, 3))
    probability[0, 0] = [0.0, 0.25, 0.75]
    probability[1:, 0, 0] = 1.0
    env = FiniteEnv(from_arrays(probability, np.array([[2.0], [0.0], [0.0]]), start=np.eye(3)[0]))
    env.reset(seed=1)
    seen = []
    for _ in range(2000):
        env.s = 0
        obs, reward, terminated, truncated, _ = env.step(0)
        assert (reward, terminated, truncated) == (2.0, False, False)
        seen.append(int(obs))
    assert seen.count(0) == 0
    assert seen.count(1) / 2000 == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 2000) ** 0.5)


def test_what_has_no_board_draws_nothing() -> None:
    env = GarnetEnv(num_states=5)
    env.reset(seed=0)
    assert env.render() is None
    assert GridWorldEnv(size=3).render() is None  # nobody asked for pictures
