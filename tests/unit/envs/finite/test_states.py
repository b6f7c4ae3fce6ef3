"""States of products of discrete spaces: each has a number of its own, whichever way it is shown."""

from itertools import product
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.finite.states import States, show_states, tells_states
from palestra.envs.misbehaviour import Misbehaviour
from palestra.envs.observed import Observed
from palestra.envs.registry import make_vec

PRODUCTS: list[tuple[gym.Space[Any], list[Any]]] = [
    (spaces.Discrete(4, start=2), [2, 3, 4, 5]),
    (spaces.MultiDiscrete([3, 2], start=[1, 5]), [np.array(x) for x in product((1, 2, 3), (5, 6))]),
    (spaces.MultiBinary(3), [np.array(x, np.int8) for x in product((0, 1), repeat=3)]),
    (spaces.Tuple((spaces.Discrete(3), spaces.Discrete(1), spaces.Discrete(2))), list(product(range(3), (0,), (0, 1)))),
    (
        spaces.Dict(a=spaces.MultiBinary(2), b=spaces.Tuple((spaces.Discrete(2, start=-1), spaces.MultiDiscrete([2])))),
        [
            {"a": np.array((i, j), np.int8), "b": (k, np.array([m]))}
            for i, j, k, m in product((0, 1), (0, 1), (-1, 0), (0, 1))
        ],
    ),
]


@pytest.mark.parametrize(("space", "each"), PRODUCTS, ids=lambda x: type(x).__name__)
def test_states_are_numbered_in_order_and_none_twice(space: gym.Space[Any], each: list[Any]) -> None:
    assert tells_states(space)
    assert all(map(space.contains, each))
    states, observed = States(space), Observed(space)
    assert states.num == len(each)
    rows = torch.from_numpy(np.concatenate([observed.read(obs)[0] for obs in each]))
    assert states.index(rows).tolist() == list(range(len(each)))
    assert states.index(torch.tensor([2, 0])).tolist() == [2, 0]  # what is a number already


def test_numbers_above_what_float32_holds_are_exact() -> None:
    space = spaces.MultiBinary(30)
    rows = torch.ones(2, 30)
    rows[1, -1] = 0
    assert States(space).index(rows).tolist() == [2**30 - 1, 2**30 - 2]


@pytest.mark.parametrize(
    "space", [spaces.Box(0, 1, (2,)), spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(0, 1, (1,))), spaces.Text(3)]
)
def test_what_is_not_counted_tells_no_states(space: gym.Space[Any]) -> None:
    assert not tells_states(space)


@pytest.mark.parametrize(("space", "each"), PRODUCTS, ids=lambda x: type(x).__name__)
def test_a_number_is_read_off_what_the_environment_itself_shows(space: gym.Space[Any], each: list[Any]) -> None:
    states, observed = States(space), Observed(space)
    read = [states.number(obs) for obs in each]
    assert read == [int(states.index(torch.from_numpy(observed.read(obs)[0])[0])) for obs in each]
    assert sorted(read) == list(range(states.num))


@pytest.mark.parametrize(
    ("space", "wrong"),
    [
        (spaces.Discrete(4, start=2), (1, 6, -1, 2.5, None, "2", [3], np.array([3]))),
        (spaces.MultiDiscrete([3, 2]), ([3, 0], [0, -1], [0.5, 0], [0], [[0, 0]])),
        (spaces.MultiBinary(2), ([2, 0], [0, 1, 1], 1)),
        (spaces.Tuple((spaces.Discrete(2), spaces.Discrete(2))), ((0,), (0, 2), (0, 1, 1), 5)),
        (spaces.Dict(a=spaces.Discrete(2)), ({"b": 0}, {"a": 0, "b": 0}, {})),
    ],
)
def test_what_is_no_state_has_no_number(space: gym.Space[Any], wrong: tuple[Any, ...]) -> None:
    for obs in wrong:
        with pytest.raises((IndexError, KeyError, TypeError, ValueError)):
            States(space).number(obs)


def test_numbers_of_any_type_are_read() -> None:
    for two in (2, np.int64(2), np.uint8(2), np.array(2)):
        assert States(spaces.Discrete(3)).number(two) == 2
    assert States(spaces.Discrete(3, start=-1)).number(np.True_) == 2


@pytest.mark.parametrize("copies", [1, 5])
@pytest.mark.parametrize("env_id", ["Blackjack-v1", "Taxi-v4"])
def test_copies_that_show_numbers_play_what_the_others_play(env_id: str, copies: int) -> None:
    rows, numbers = (make_vec(env_id, copies, backend="sync") for _ in range(2))
    states = States(rows.observed.own)
    show_states(numbers, states)
    assert numbers.observation_space.shape == ()
    obs, number = rows.reset(3), numbers.reset(3)
    playing = torch.ones(copies, dtype=torch.bool)  # of several copies, the next episodes have luck of their own
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        assert torch.equal(states.index(obs)[playing], number[playing])
        action = torch.randint(2, (copies,), generator=generator)
        theirs, ours = rows.step(action), numbers.step(action)
        assert ours.final_obs.dtype == torch.int64
        assert torch.equal(states.index(theirs.final_obs)[playing], ours.final_obs[playing])
        assert torch.equal(theirs.reward[playing], ours.reward[playing])
        playing &= ~(theirs.terminated | theirs.truncated) | (copies == 1)
        obs, number = theirs.obs, ours.obs


class Astray(gym.Env[Any, Any]):
    """Leaves its space at the third step."""

    observation_space, action_space = spaces.Discrete(3), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.state = 0
        return 0, {}

    def step(self, action: Any) -> Any:
        self.state += 1
        return self.state, 0.0, False, False, {}


def test_a_state_outside_of_its_space_is_named() -> None:
    gym.register("test/Astray-v0", entry_point=Astray)
    try:
        env = make_vec("test/Astray-v0", 2)
        show_states(env, States(env.observed.own))
        env.reset(0)
        action = torch.zeros(2, dtype=torch.int64)
        env.step(action)
        env.step(action)
        with pytest.raises(Misbehaviour, match=r"copy 0, step 3 .*an observation 3 that cannot be read.*Discrete"):
            env.step(action)
    finally:
        del gym.registry["test/Astray-v0"]
