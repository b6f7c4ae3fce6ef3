"""Worlds that do what no world may are named, with copy, episode and step; what is easily taken is taken."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.misbehaviour import Misbehaviour, WorkerError, all_fit
from palestra.errors import UsageError

VECTOR = spaces.Box(-np.inf, np.inf, (3,), np.float32)
ODD: dict[str, Callable[..., Any]] = {}
"""What the world does in the second step of its second episode, by name."""


class Odd(gym.Env[Any, Any]):
    """Episodes of three steps; what is odd is looked up by name, since workers know it too."""

    action_space = spaces.Discrete(2)

    def __init__(self, what: str = "", space: gym.Space[Any] = VECTOR, at: int = 5, reset: str = "") -> None:
        self.what, self.observation_space, self.at, self.odd_reset = what, space, at, reset
        self.taken = self.resets = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps, self.resets = 0, self.resets + 1
        self.observation_space.seed(seed)
        obs = self.observation_space.sample()
        return ODD[self.odd_reset](obs) if self.odd_reset and self.resets == 2 else (obs, {})

    def step(self, action: Any) -> Any:
        self.steps, self.taken = self.steps + 1, self.taken + 1
        answer = (self.observation_space.sample(), 1.0, self.steps == 3, False, {})
        return ODD[self.what](*answer) if self.what and self.taken == self.at else answer


gym.register("test/Odd-v0", entry_point=Odd)


def odd(what: Callable[..., Any]) -> str:
    name = f"odd {len(ODD)}"
    ODD[name] = what
    return name


def raising(error: BaseException) -> Callable[..., Any]:
    def what(*_: Any) -> Any:
        raise error

    return what


def played(backend: Any = "sync", **kwargs: Any) -> None:
    env = GymVectorEnv("test/Odd-v0", 2, backend, env_kwargs=kwargs)
    try:
        env.reset(3)
        for _ in range(7):
            env.step(torch.zeros(2, dtype=torch.int64))
    finally:
        env.close()


NAN = np.array([0.0, np.nan, 0.0], np.float32)
SPOILT = {
    "nan observed": (lambda o, r, *rest: (NAN, r, *rest), r"observation nan at \[1\]; expected finite numbers"),
    "infinity observed": (lambda o, *rest: (o * np.inf, *rest), r"observation (-?inf|nan) at \[0\]; expected finite"),
    "nan reward": (lambda o, r, *rest: (o, np.nan, *rest), "reward nan; expected finite numbers"),
    "infinite reward": (lambda o, r, *rest: (o, -np.inf, *rest), "reward -inf; expected finite numbers"),
    "reward beyond float32": (lambda o, r, *rest: (o, 1e39, *rest), r"reward 1e\+39; expected finite numbers"),
    "no reward": (lambda o, r, *rest: (o, None, *rest), "a reward of type NoneType, None; expected a number"),
    "text for a reward": (lambda o, r, *rest: (o, "1", *rest), "a reward of type str, '1'; expected a number"),
    "an array for a reward": (lambda o, r, *rest: (o, np.ones(1), *rest), r"a reward of shape \(1,\), .* a number"),
    "a list for a reward": (lambda o, r, *rest: (o, [1.0], *rest), r"a reward of shape \(1,\), \[1.0\]; expected"),
    "a short observation": (lambda o, *rest: (o[:2], *rest), r"observation of shape \(2,\); expected shape \(3,\)"),
    "a batch": (lambda o, *rest: (o[None], *rest), r"observation of shape \(1, 3\); expected shape \(3,\)"),
    "no observation": (lambda o, *rest: (None, *rest), "observation of type NoneType, None; expected shape"),
    "words": (lambda o, *rest: (["a", "b", "c"], *rest), "observation of type list, .* expected shape"),
    "ragged": (lambda o, *rest: ([[1.0], 2.0, 3.0], *rest), "observation that is no array"),
    "4 values": (lambda o, r, d, t, i: (o, r, d, i), r"step\(\) returned something else \(not enough .*expected 5"),
    "6 values": (lambda *five: (*five, 0), r"step\(\) returned something else \(too many .*expected 5"),
    "nothing": (lambda *five: None, r"step\(\) returned something else .* expected 5 values: observation, reward,"),
    "an info for an end": (lambda o, r, d, t, i: (o, r, d, i, t), "truncated of type dict, {}; expected true or false"),
    "raises": (raising(ValueError("boom 42")), r"step\(\) raised ValueError: boom 42; expected step\(\) to return"),
    "raises nothing to say": (raising(KeyError()), r"step\(\) raised KeyError; expected"),
    "exits": (raising(SystemExit(3)), r"step\(\) raised SystemExit: 3; expected"),
}


@pytest.mark.parametrize("backend", ["sync", "async"])
@pytest.mark.parametrize("name", SPOILT)
def test_what_is_odd_in_a_step_is_said_with_copy_episode_and_step(name: str, backend: str) -> None:
    what, said = SPOILT[name]
    where = f"^environment 'test/Odd-v0', copy 0, step 2 of its episode 1: .*{said}"
    with pytest.raises(Misbehaviour, match=where) as caught:
        played(backend, what=odd(what))
    assert "\n" not in str(caught.value)
    assert "palestra check-env test/Odd-v0" in str(caught.value)


@pytest.mark.parametrize("name", ["nan reward", "nan observed"])
def test_the_last_step_of_an_episode_is_named_as_such(name: str) -> None:
    what, _ = SPOILT[name]
    with pytest.raises(Misbehaviour, match=r"copy 0, step 3 of its episode 1: (reward|last observation) nan"):
        played(what=odd(what), at=6)


RESETS = {
    "obs alone": (lambda obs: obs, r"reset\(\) returned array.*; expected 2 values: observation, info"),
    "no info": (lambda obs: (obs, None), r"reset\(\) returned .*; expected 2 values"),
    "nan": (lambda obs: (NAN, {}), r"observation nan at \[1\]"),
    "short": (lambda obs: (obs[:1], {}), r"observation of shape \(1,\); expected shape \(3,\)"),
    "raises": (raising(OSError("no simulator")), r"reset\(\) raised OSError: no simulator"),
}


@pytest.mark.parametrize("backend", ["sync", "async"])
@pytest.mark.parametrize("name", RESETS)
def test_what_is_odd_in_a_reset_is_said_too(name: str, backend: str) -> None:
    what, said = RESETS[name]
    with pytest.raises(Misbehaviour, match=f"copy 0, step 0, the reset, of its episode 1: .*{said}"):
        played(backend, reset=odd(what))


@pytest.mark.parametrize("space", [spaces.Box(-1, 1, (2,), np.float64), spaces.Dict(a=VECTOR, b=spaces.Discrete(3))])
def test_an_observation_that_cannot_be_converted_is_told_from_one_that_raises(space: gym.Space[Any]) -> None:
    with pytest.raises(
        Misbehaviour, match=r"copy 0, step 2 of its episode 1: .*observation.*; expected (one of|shape)"
    ):
        played(space=space, what=odd(lambda o, *rest: ({"a": 1}, *rest)))


@pytest.mark.filterwarnings("error")
def test_numbers_too_large_to_be_squared_are_looked_at_without_a_warning() -> None:
    assert all_fit(np.full(3, 1e30, np.float32))
    assert not all_fit(np.array([1.0, 1e300]))
    assert not all_fit(np.array([np.inf, -np.inf], np.float32))


def test_numbers_beside_images_are_checked() -> None:
    space = spaces.Dict(eye=spaces.Box(0, 255, (8, 8, 3), np.uint8), arm=VECTOR)
    played(space=space)
    with pytest.raises(Misbehaviour, match=r"copy 0, step 2 of its episode 1: observation 'arm' nan at \[1\]"):
        played(space=space, what=odd(lambda o, *rest: ({**o, "arm": NAN}, *rest)))


def test_what_was_raised_is_chained_as_it_was_or_as_its_text() -> None:
    original = ValueError("boom 42")
    with pytest.raises(Misbehaviour) as caught:
        played(what=odd(raising(original)))
    assert caught.value.__cause__ is original
    with pytest.raises(Misbehaviour) as caught:
        played("async", what=odd(raising(original)))
    assert isinstance(caught.value.__cause__, WorkerError)
    assert "ValueError: boom 42" in str(caught.value.__cause__)
    assert "Traceback" in str(caught.value.__cause__)


TAKEN = {
    "a whole number": lambda o, r, *rest: (o, 1, *rest),
    "a bool": lambda o, r, *rest: (o, True, *rest),
    "float64": lambda o, r, *rest: (o, np.float64(1), *rest),
    "float16": lambda o, r, *rest: (o, np.float16(1), *rest),
    "an array of no dimensions": lambda o, r, *rest: (o, np.array(1.0), *rest),
    "a tensor of no dimensions": lambda o, r, *rest: (o, torch.tensor(1.0), *rest),
    "a list": lambda o, *rest: (o.tolist(), *rest),
    "a tensor": lambda o, *rest: (torch.from_numpy(o), *rest),
    "doubles": lambda o, *rest: (o.astype(np.float64), *rest),
    "whole numbers": lambda o, *rest: (o.astype(np.int64), *rest),
    "NumPy's ends": lambda o, r, d, t, i: (o, r, np.bool_(d), np.array(t), i),
    "numbers for ends": lambda o, r, d, t, i: (o, r, int(d), 0, i),
}


@pytest.mark.parametrize("backend", ["sync", "async"])
@pytest.mark.parametrize("name", TAKEN)
def test_what_can_be_taken_is_taken(name: str, backend: str) -> None:
    played(backend, what=odd(TAKEN[name]))


def test_an_image_of_wide_integers_is_taken_and_one_of_fractions_is_not() -> None:
    space = spaces.Box(0, 255, (8, 8, 3), np.uint8)
    played(space=space, what=odd(lambda o, *rest: (o.astype(np.int64), *rest)))
    with pytest.raises(Misbehaviour, match=r"dtype float64 .*; expected shape \(8, 8, 3\) and dtype uint8"):
        played(space=space, what=odd(lambda o, *rest: (o / 255.0, *rest)))


def test_after_a_misbehaviour_new_episodes_of_another_seed_can_be_begun() -> None:
    env = GymVectorEnv("test/Odd-v0", 2, env_kwargs={"what": odd(SPOILT["nan reward"][0])})
    first = env.reset(3)
    for _ in range(4):
        env.step(torch.zeros(2, dtype=torch.int64))
    with pytest.raises(Misbehaviour):
        env.step(torch.zeros(2, dtype=torch.int64))
    saved = env.state_dict()
    fresh = GymVectorEnv("test/Odd-v0", 2, env_kwargs={})
    resumed = fresh.load_state_dict(saved)
    assert resumed.restarted.all()
    assert not torch.equal(resumed.obs, first)
    assert torch.equal(fresh.load_state_dict(saved).obs, resumed.obs)
    env.reset(3)  # and the old ones begin again where they are told to
    env.step(torch.zeros(2, dtype=torch.int64))


class Unmakeable(gym.Env[Any, Any]):
    observation_space, action_space = VECTOR, spaces.Discrete(2)

    def __init__(self, size: int = 0) -> None:
        raise KeyError("9x9")


gym.register("test/Unmakeable-v0", entry_point=Unmakeable)


def test_a_constructor_that_raises_is_one_line() -> None:
    with pytest.raises(
        UsageError, match=r"'test/Unmakeable-v0' given {'size': 9}: its constructor raised KeyError: '9x9'"
    ):
        GymVectorEnv("test/Unmakeable-v0", 1, env_kwargs={"size": 9})
    with pytest.raises(Misbehaviour, match=r"'test/Unmakeable-v0'.* its constructor raised KeyError: '9x9'"):
        GymVectorEnv("test/Unmakeable-v0", 1)
