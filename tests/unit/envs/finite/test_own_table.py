"""A table P of somebody's own environment is played where it is what the environment does, and nowhere else."""

import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.finite.dynamics import process_of
from palestra.envs.finite.own_table import LEAST_STEPS
from palestra.envs.registry import make_vec
from palestra.envs.vector import VectorEnv

SIDE = 5


class Slope(gym.Env[Any, Any]):
    """A board whose ground slips; ``fault`` says in what its table is not the whole of it."""

    def __init__(self, fault: str = "", step_reward: float = -1.0) -> None:
        self.fault, self.step_reward = fault, step_reward
        self.observation_space, self.action_space = spaces.Discrete(SIDE**2), spaces.Discrete(4)
        self.P = {
            s: {a: [(0.8, *self._to(s, a)), (0.2, *self._to(s, a ^ 1))] for a in range(4)} for s in range(SIDE**2)
        }
        match fault:
            case "no table":
                del self.P
            case "reward":
                self.P[7][2] = [(p, s, r + 1, t) for p, s, r, t in self.P[7][2]]
            case "ends":
                self.P[7][2] = [(p, s, r, True) for p, s, r, _ in self.P[7][2]]
            case "chances":
                self.P = {s: {a: [(0.5, *o[1:]) for o in row] for a, row in rows.items()} for s, rows in self.P.items()}
            case "a state less":
                del self.P[SIDE**2 - 1]
            case "one chance of one pair":
                self.P[0][1] = [(1.0, *self._to(0, 1))]
            case "where it begins":
                self.initial_state_distrib = np.full(SIDE**2, 1 / SIDE**2)
            case "no number":
                self.P[3][0] = [("much", *self._to(3, 0))]

    def _to(self, state: int, action: int) -> tuple[int, float, bool]:
        row, column = divmod(state, SIDE)
        down, right = ((0, 1), (1, 0), (0, -1), (-1, 0))[action]
        after = SIDE * min(max(row + down, 0), SIDE - 1) + min(max(column + right, 0), SIDE - 1)
        return after, 10.0 if after == SIDE**2 - 1 else self.step_reward, after == SIDE**2 - 1

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.age = 0
        self.state = int(self.np_random.integers(3)) if self.fault == "several beginnings" else 0
        return self.state, {}

    def step(self, action: Any) -> Any:
        slips = self.np_random.random() < 0.2
        self.state, reward, ends = self._to(self.state, int(action) ^ 1 if slips else int(action))
        self.age += 1
        if self.fault == "tires" and self.age > 60:
            reward -= 1.0
        info = {"is_success": float(ends)} if self.fault == "tells" and ends else {}
        return self.state, reward, ends, self.fault == "cuts" and self.age == 40, info


class Masked(Slope):
    """Says in its info what is allowed."""

    def reset(self, **kwargs: Any) -> Any:
        return super().reset(**kwargs)[0], {"action_mask": np.ones(4, np.int8)}

    def step(self, action: Any) -> Any:
        return *super().step(action)[:4], {"action_mask": np.ones(4, np.int8)}


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    gym.register("test/Slope-v0", Slope, max_episode_steps=150)
    gym.register("test/Masked-v0", Masked, max_episode_steps=150)
    yield
    del gym.registry["test/Slope-v0"], gym.registry["test/Masked-v0"]


def made(env_id: str = "test/Slope-v0", **kwargs: Any) -> tuple[VectorEnv, list[str]]:
    """With what was warned of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        env = make_vec(env_id, 3, env_kwargs=kwargs)
    return env, [str(warning.message) for warning in said if " table P" in str(warning.message)]


def test_a_true_table_is_played_with_its_settings_and_time_limit() -> None:
    for kwargs, limit, reward in (({}, 150, -1.0), ({"step_reward": -2.0, "max_episode_steps": 9}, 9, -2.0)):
        env, said = made(**kwargs)
        assert isinstance(env, TorchVectorEnv)
        assert not said
        assert (env.max_episode_steps, env.observed.own) == (limit, spaces.Discrete(SIDE**2))
        mdp = process_of(env)
        assert mdp is not None
        assert float(mdp.reward.min()) == reward
        assert mdp.start.argmax() == 0
        env.reset(0)
        assert float(env.step(torch.full((3,), 2)).reward[0]) == reward


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("reward", "P lacks what was seen: state 7, action 2 -> state 6, reward -1.0, terminated False"),
        ("ends", "P lacks what was seen: state 7, action 2"),
        ("chances", "P has other probabilities than what was seen, which is"),
        ("one chance of one pair", "P lacks what was seen: state 0, action 1 -> state 1"),
        ("where it begins", "P has other probabilities than what was seen"),
        ("several beginnings", "P does not say where episodes begin"),
        ("a state less", "P is none of the usual form (UsageError: start of 25; expected one for each of 24)"),
        ("no number", "P is none of the usual form"),
        ("tires", "P lacks what was seen"),
        ("cuts", "P does not know that an episode is cut, as one was after 40 steps"),
        ("tells", "P says nothing of 'is_success', which the environment reports in its info"),
    ],
)
def test_a_table_that_is_not_the_whole_truth_is_not_played_and_the_reason_is_said_once(fault: str, reason: str) -> None:
    env, said = made(fault=fault)
    assert isinstance(env, GymVectorEnv)
    assert len(said) == 1
    assert f"environment 'test/Slope-v0' has a table P, but is stepped itself: {reason}" in said[0]
    again, said = made(fault=fault)
    assert isinstance(again, GymVectorEnv)
    assert not said


def test_without_a_table_or_with_a_mask_it_is_stepped_without_a_word() -> None:
    for env, said in (made(fault="no table"), made("test/Masked-v0")):
        assert isinstance(env, GymVectorEnv)
        assert not said


def test_a_backend_that_is_asked_for_is_had() -> None:
    assert isinstance(make_vec("test/Slope-v0", 2, backend="sync"), GymVectorEnv)


def test_it_is_tried_once_and_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    step = Slope.step
    monkeypatch.setattr(Slope, "step", lambda self, action: (taken.append(int(action)), step(self, action))[1])
    made()
    first = list(taken)
    assert len(first) >= LEAST_STEPS
    made()
    assert taken == first
    del gym.registry["test/Slope-v0"]
    gym.register("test/Slope-v0", Slope, max_episode_steps=150)  # another one of the same name
    made()
    assert taken == first * 2


def test_what_is_played_is_what_the_environment_does() -> None:
    env, theirs = make_vec("test/Slope-v0", 400), make_vec("test/Slope-v0", 400, backend="sync")
    means = []
    for each in (env, theirs):
        each.reset(0)
        total = torch.zeros(400)
        for t in range(30):
            total += each.step(torch.full((400,), t % 2)).reward
        means.append(total)
    error = (means[0].var() / 400 + means[1].var() / 400).sqrt()
    assert abs(float(means[0].mean() - means[1].mean())) < 5 * float(error)
