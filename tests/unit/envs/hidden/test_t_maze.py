"""The T-maze: both forms alike, and what the best with and without a memory make of it, in closed form."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.hidden.t_maze import (
    BEST,
    EAST,
    NORTH,
    SOUTH,
    T_MAZE,
    WALL,
    WEST,
    WITHOUT_MEMORY,
    TMaze,
    make_t_maze_vec,
)  # fmt: skip
from palestra.envs.registry import CLASSIC, make_vec
from palestra.errors import UsageError

LENGTH = 3


def states() -> torch.Tensor:
    return torch.cartesian_prod(torch.arange(2), torch.arange(LENGTH + 1), torch.arange(4))


def test_it_is_registered() -> None:
    assert CLASSIC[T_MAZE] is TMaze


def test_one_step_from_every_state_is_the_same_in_both_forms() -> None:
    every = states()
    ours, env = TorchVectorEnv(TMaze(len(every), length=LENGTH)), gym.make(T_MAZE, length=LENGTH)
    env.reset(seed=0)
    seen = ours.set_state(every[:, :2])
    result = ours.step(every[:, 2])
    for i, (sign, place, action) in enumerate(every.tolist()):
        env.unwrapped.sign, env.unwrapped.place = sign, place
        np.testing.assert_array_equal(env.unwrapped._seen(), seen[i].numpy())
        obs, reward, terminated, _, _ = env.step(action)
        np.testing.assert_array_equal(obs, result.final_obs[i].numpy())
        assert reward == pytest.approx(float(result.reward[i]))
        assert terminated == bool(result.terminated[i])


def test_what_is_seen_and_paid_is_bakkers() -> None:
    env = TorchVectorEnv(TMaze(2, length=2))
    assert env.set_state(torch.tensor([[0, 0], [1, 0]])).tolist() == [[0, 1, 1], [1, 1, 0]]
    into_a_wall = env.step(torch.tensor([NORTH, WEST]))
    assert into_a_wall.reward.tolist() == pytest.approx([-WALL, -WALL])
    assert env.step(torch.tensor([EAST, EAST])).obs.tolist() == [[1, 0, 1], [1, 0, 1]]
    at_the_junction = env.step(torch.tensor([EAST, EAST]))
    assert at_the_junction.obs.tolist() == [[0, 1, 0], [0, 1, 0]]
    assert at_the_junction.reward.tolist() == [0, 0]
    turned = env.step(torch.tensor([NORTH, NORTH]))
    assert turned.reward.tolist() == [1, 0]
    assert turned.terminated.all()


def value(chances: np.ndarray) -> float:
    """The expected return of a policy (4 sights, 4 actions) that remembers nothing, by solving for all states."""
    place_of = lambda sign, place: sign * (LENGTH + 1) + place  # noqa: E731
    size = 2 * (LENGTH + 1)
    moves, paid = np.zeros((size, size)), np.zeros(size)
    for sign in range(2):
        for place in range(LENGTH + 1):
            here = place_of(sign, place)
            sight = sign if place == 0 else 3 if place == LENGTH else 2
            for action, chance in enumerate(chances[sight]):
                if place == LENGTH and action in (NORTH, SOUTH):
                    paid[here] += chance * (action == (NORTH, SOUTH)[sign])
                    continue
                there = min(max(place + (action == EAST) - (action == WEST), 0), LENGTH)
                paid[here] -= chance * WALL * (there == place)
                moves[here, place_of(sign, there)] += chance
    found = np.linalg.solve(np.eye(size) - moves, paid)
    return float((found[place_of(0, 0)] + found[place_of(1, 0)]) / 2)


def test_nobody_without_a_memory_makes_more_than_a_half() -> None:
    """Whatever the policy does at each of the four sights; and walking to the junction and turning there makes it."""
    rng = np.random.default_rng(0)
    values = []
    for _ in range(300):
        chances = rng.dirichlet(np.full(4, rng.uniform(0.05, 2)), 4)
        chances[rng.random(4) < 0.5, EAST] += rng.exponential(20)  # or nobody would come to the junction soon
        chances += 1e-3
        values.append(value(chances / chances.sum(1, keepdims=True)))
    assert max(values) <= WITHOUT_MEMORY
    assert max(values) > 0.3
    walks = np.zeros((4, 4))
    walks[:3, EAST] = 1
    for north in (0.0, 0.3, 1.0):
        walks[3] = (north, 0, 1 - north, 0)
        assert value(walks) == pytest.approx(WITHOUT_MEMORY)


def test_who_remembers_the_sign_makes_all_there_is() -> None:
    env = make_vec(T_MAZE, 64)
    sign = env.reset(0)[:, 2] == 0  # south
    assert 16 < int(sign.sum()) < 48
    for _ in range(10):
        result = env.step(torch.full((64,), EAST))
        assert not result.reward.any()
    result = env.step(torch.where(sign, SOUTH, NORTH))
    assert result.terminated.all()
    assert result.reward.tolist() == [BEST] * 64


def test_settings_are_taken_in_batches_and_others_are_refused() -> None:
    env = make_vec(T_MAZE, 2, env_kwargs={"length": 4, "max_episode_steps": 7})
    assert isinstance(env, TorchVectorEnv)
    assert (env.dynamics.length, env.max_episode_steps, env.dynamics.resized(3).length) == (4, 7, 4)
    assert make_t_maze_vec(1).max_episode_steps == gym.spec(T_MAZE).max_episode_steps
    with pytest.raises(UsageError, match="length=0; expected a corridor of at least 1 step"):
        make_vec(T_MAZE, 2, env_kwargs={"length": 0})
    with pytest.raises(UsageError, match="expected settings among length, max_episode_steps"):
        make_vec(T_MAZE, 2, backend="torch", env_kwargs={"width": 3})
