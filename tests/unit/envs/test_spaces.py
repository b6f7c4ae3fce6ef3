"""Spaces of every kind to the contract's form and back."""

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.wrappers import FlattenObservation

from palestra.envs.registry import make_vec
from palestra.envs.spaces import (
    Packed,
    adapted_observation_space,
    contract_action,
    flat_dim,
    native_action,
    supported_action_space,
    to_env_action,
)
from palestra.errors import UsageError


class Showing(gym.Env[Any, Any]):
    """Shows nothing but its space."""

    def __init__(self, space: gym.Space[Any]) -> None:
        self.observation_space, self.action_space = space, spaces.Discrete(2)


OWN = [
    spaces.Dict({"place": spaces.Discrete(3), "speed": spaces.Box(-1.0, 1.0, (2, 2), np.float64)}),
    spaces.Tuple((spaces.Discrete(32), spaces.Discrete(11), spaces.MultiBinary(2))),
    spaces.MultiDiscrete([3, 2]),
    spaces.MultiBinary(4),
]


@pytest.mark.parametrize("own", OWN)
def test_composite_observations_are_flattened_as_gymnasium_does(own: gym.Space[Any]) -> None:
    reference = FlattenObservation(Showing(own))
    space, convert = adapted_observation_space(own, "x")
    assert convert is not None
    own.seed(0)
    for _ in range(20):
        obs = own.sample()
        actual = convert(obs)
        assert actual.dtype == np.float32
        assert space.contains(actual)
        np.testing.assert_array_equal(actual, reference.observation(obs).astype(np.float32))


def test_a_discrete_observation_is_one_hot_from_its_start_one_or_a_batch() -> None:
    space, convert = adapted_observation_space(spaces.Discrete(3, start=5), "x")
    assert convert is not None
    assert space == spaces.Box(0.0, 1.0, (3,))
    assert convert(np.int64(6)).tolist() == [0.0, 1.0, 0.0]
    assert convert(np.array([7, 5])).tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "own", [spaces.Box(0, 255, (8, 8, 3), np.uint8), spaces.Box(0, 255, (8, 8), np.uint8), spaces.Box(-1.0, 1.0, (3,))]
)
def test_images_and_float32_stay_as_they_are(own: spaces.Box) -> None:
    assert adapted_observation_space(own, "x") == (own, None)


@pytest.mark.parametrize(
    "own",
    [spaces.Box(-1e300, 3.5, (3,), np.float64), spaces.Box(0, 255, (128,), np.uint8), spaces.Box(0, 9, (2, 2), int)],
)
def test_other_boxes_become_float32(own: spaces.Box) -> None:
    space, convert = adapted_observation_space(own, "x")
    assert convert is not None
    assert (space.shape, space.dtype) == (own.shape, np.float32)
    obs = (np.arange(np.prod(own.shape)).reshape(own.shape) / 40).astype(own.dtype)
    assert convert(obs).dtype == np.float32
    np.testing.assert_allclose(convert(obs), obs)
    assert space.low.flat[0] == (-np.inf if own.dtype == np.float64 else 0)


@pytest.mark.parametrize(
    "own",
    [
        spaces.Text(5), spaces.Sequence(spaces.Discrete(2)), spaces.Dict({"a": spaces.Sequence(spaces.Discrete(2))}),
        # Gymnasium flattens texts to their letters' codes, and nothing to nothing.
        spaces.Dict({"a": spaces.Text(4), "b": spaces.Discrete(3)}), spaces.Dict(), spaces.Tuple(()),
        spaces.Dict({"a": spaces.Dict(), "b": spaces.Discrete(3)}),
    ],
)  # fmt: skip
def test_an_observation_space_that_is_no_vector_is_named(own: gym.Space[Any]) -> None:
    with pytest.raises(UsageError, match=own.__class__.__name__):
        adapted_observation_space(own, "Some-v0")


EYE = spaces.Box(0, 255, (8, 9, 3), np.uint8)
MIXED = [
    spaces.Dict({"body": spaces.Box(-1.0, 1.0, (3,), np.float64), "eye": EYE, "mode": spaces.Discrete(4, start=2)}),
    spaces.Tuple((spaces.Box(-1.0, 1.0, (), np.float32), EYE, spaces.Box(0, 255, (2, 8, 8), np.uint8))),
    spaces.Dict({"head": spaces.Dict({"eye": EYE, "speed": spaces.Box(-1.0, 1.0, (2, 2), np.float32)})}),
    spaces.Dict({"eye": EYE}),
]


@pytest.mark.parametrize("own", MIXED)
def test_images_and_numbers_are_packed_and_come_back_bit_for_bit(own: gym.Space[Any]) -> None:
    space, convert = adapted_observation_space(own, "x")
    assert isinstance(space, Packed)
    assert convert is not None
    own.seed(0)
    given = [own.sample() for _ in range(5)]
    rows = [convert(obs) for obs in given]
    assert all(space.contains(row) for row in rows)
    batch = torch.from_numpy(np.stack(rows))
    parts = space.unpack(batch)
    assert list(parts) == [part.name for part in space.layout]
    for i, obs in enumerate(given):
        for name, leaf in leaves(own, obs).items():
            assert parts[name].dtype == (torch.uint8 if leaf.dtype == np.uint8 else torch.float32)
            np.testing.assert_array_equal(parts[name][i].numpy(), leaf)
            np.testing.assert_array_equal(space.unpack(batch[i])[name].numpy(), leaf)  # one as well as a batch
    assert len(parts) == len(leaves(own, given[0]))


def leaves(own: gym.Space[Any], obs: Any, name: str = "") -> dict[str, Any]:
    """What an observation holds, by names joined with dots, in the contract's form."""
    if isinstance(own, spaces.Dict | spaces.Tuple):
        inside = own.items() if isinstance(own, spaces.Dict) else enumerate(own)
        parts = [leaves(part, obs[key], f"{name}.{key}".removeprefix(".")) for key, part in inside]
        return {key: leaf for part in parts for key, leaf in part.items()}
    _, convert = adapted_observation_space(own, "x")
    return {name: np.asarray(obs if convert is None else convert(obs))}


def test_a_packed_batch_is_packed_row_by_row_and_any_bits_survive() -> None:
    space = Packed({"body": spaces.Box(-np.inf, np.inf, (2,), np.float32), "eye": spaces.Box(0, 255, (3, 5), np.uint8)})
    assert [(part.name, part.start, part.size) for part in space.layout] == [("eye", 0, 15), ("body", 15, 8)]
    body = np.array([[np.nan, -0.0], [np.inf, 1e-45]], np.float32)
    eye = np.arange(30, dtype=np.uint8).reshape(2, 3, 5)
    batch = space.pack({"eye": eye, "body": body})
    assert batch.shape == (2, 23)
    for i in range(2):
        np.testing.assert_array_equal(batch[i], space.pack({"eye": eye[i], "body": body[i]}))
    rollout = torch.from_numpy(batch).repeat(4, 1).view(2, 4, 23)  # (T, E, N)
    parts = space.unpack(rollout)
    assert parts["eye"].shape == (2, 4, 3, 5)
    assert parts["body"].shape == (2, 4, 2)
    assert torch.equal(
        parts["body"].view(torch.int32), torch.from_numpy(body).repeat(4, 1).view(2, 4, 2).view(torch.int32)
    )


def test_packed_spaces_are_the_same_if_their_parts_are() -> None:
    box, eye = spaces.Box(-1.0, 1.0, (3,), np.float32), spaces.Box(0, 255, (2, 8, 8), np.uint8)
    assert Packed({"a": box, "b": eye}) == Packed({"a": box, "b": eye})
    assert Packed({"a": box, "b": eye}) != Packed({"c": box, "b": eye})
    assert Packed({"a": box, "b": eye}) != spaces.Box(0, 255, (140,), np.uint8)
    assert pickle.loads(pickle.dumps(Packed({"a": box, "b": eye}))) == Packed({"a": box, "b": eye})


def test_packed_bytes_are_never_taken_for_numbers() -> None:
    space, _ = adapted_observation_space(MIXED[0], "x")
    with pytest.raises(
        UsageError,
        match=r"images and numbers together, Packed\(eye: \(8, 9, 3\) uint8, body: .*\), as one vector; expected an",
    ):
        flat_dim(space)


class Both(gym.Env[Any, Any]):
    """Counts its steps in a picture and a number; ends after three."""

    observation_space = spaces.Dict({"eye": spaces.Box(0, 255, (2, 8, 8), np.uint8), "n": spaces.Box(0.0, 9.0, (1,))})
    action_space = spaces.Discrete(2)

    def _seen(self) -> dict[str, Any]:
        return {"eye": np.full((2, 8, 8), self.n, np.uint8), "n": np.array([self.n / 8], np.float32)}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.n = 0
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        self.n += 1
        return self._seen(), float(action), self.n == 3, False, {}


gym.register("tests/Both-v0", Both)


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_every_backend_of_gymnasium_carries_packed_observations(backend: str) -> None:
    env = make_vec("tests/Both-v0", 2, backend=backend)
    try:
        space = env.observation_space
        assert isinstance(space, Packed)
        obs = env.reset(0)
        for n in (1, 2, 3):
            result = env.step(torch.tensor([0, 1]))
            seen = space.unpack(result.final_obs)
            assert seen["eye"].unique().tolist() == [n]
            assert seen["n"].tolist() == [[n / 8]] * 2
        assert torch.equal(result.obs, obs)  # a new episode
    finally:
        env.close()


def test_a_box_without_bounds_is_served_and_nothing_of_it_clipped() -> None:
    space = spaces.Box(np.array([-np.inf, 0.0], np.float32), np.array([np.inf, np.inf], np.float32))
    assert supported_action_space(space, "x") is space
    action = torch.tensor([[-1e6, -2.0], [7.0, 1e6]])
    np.testing.assert_array_equal(to_env_action(space, action), np.array([[-1e6, 0.0], [7.0, 1e6]], np.float32))


@pytest.mark.parametrize(
    "space",
    [
        spaces.Tuple((spaces.Discrete(2), spaces.Discrete(3))),
        spaces.Dict({"a": spaces.Discrete(2)}),
        spaces.Text(3),
        spaces.Box(0, 3, (2,), np.int64),
        spaces.MultiDiscrete([[2, 3], [4, 5]]),
    ],
)
def test_an_action_space_outside_the_contract_is_named(space: gym.Space[Any]) -> None:
    with pytest.raises(UsageError, match=r"'Some-v0' has the action space " + type(space).__name__):
        supported_action_space(space, "Some-v0")


def test_actions_get_the_start_and_the_dtype() -> None:
    discrete = spaces.Discrete(3, start=-1)
    assert to_env_action(discrete, torch.tensor([0, 2])).tolist() == [-1, 1]
    assert discrete.contains(to_env_action(discrete, torch.tensor(2)))
    assert hash(to_env_action(discrete, torch.tensor(2))) == hash(1)  # tables are indexed by it
    several = spaces.MultiDiscrete([3, 2], start=[10, 20])
    assert to_env_action(several, torch.tensor([2, 1])).tolist() == [12, 21]
    assert several.contains(to_env_action(several, torch.tensor([2, 1])))
    assert to_env_action(several, torch.tensor([[2, 1], [0, 0]])).tolist() == [[12, 21], [10, 20]]


def test_bits_are_an_action_as_they_are() -> None:
    for space in (spaces.MultiBinary(3), spaces.MultiBinary((2, 2))):
        assert supported_action_space(space, "x") is space
        action = to_env_action(space, torch.ones(space.shape, dtype=torch.int64))
        assert action.dtype == space.dtype
        assert space.contains(action)


def test_a_box_action_is_clipped_for_gymnasium_only() -> None:
    box = spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, 3.0]), dtype=np.float64)
    action = torch.tensor([[-2.0, 5.0], [0.5, -1.0]], requires_grad=True)
    clipped = to_env_action(box, action)
    assert clipped.dtype == np.float64
    assert clipped.tolist() == [[-1.0, 3.0], [0.5, 0.0]]
    assert native_action(box, action).tolist() == action.tolist()


@pytest.mark.parametrize("space", [
    spaces.Discrete(3, start=5), spaces.MultiDiscrete([2, 3], start=[1, -1]), spaces.MultiBinary(3),
    spaces.Box(-2.0, 2.0, (2,), np.float64),
])  # fmt: skip
def test_an_action_goes_into_the_environment_and_comes_back(space: Any) -> None:
    space.seed(0)
    batch = np.stack([space.sample() for _ in range(5)])
    for own in (batch, batch[0]):
        known = contract_action(space, own)
        assert known.dtype == (torch.float32 if isinstance(space, spaces.Box) else torch.int64)
        np.testing.assert_allclose(native_action(space, known), own, rtol=1e-6)
    assert int(contract_action(spaces.Discrete(3, start=5), 5)) == 0


def test_flat_dim() -> None:
    assert flat_dim(spaces.Box(0.0, 1.0, (2, 3))) == 6
    assert flat_dim(spaces.Discrete(5)) == 5
    assert flat_dim(spaces.MultiDiscrete([2, 3])) == 5


def test_more_choices_than_memory_has_places_for_are_refused_before_any_is_made() -> None:
    vast = spaces.Discrete(10**12)
    with pytest.raises(
        UsageError, match=r"'Vast-v0' has the observation space .*, 1,000,000,000,000 choices; expected"
    ):
        adapted_observation_space(spaces.Dict(a=spaces.Tuple((vast,)), b=spaces.Discrete(2)), "Vast-v0")
    for space in (vast, spaces.MultiDiscrete([3, 10**12])):
        with pytest.raises(UsageError, match=r"has the action space .* choices; expected at most"):
            supported_action_space(space, "Vast-v0")


def test_names_with_dots_are_told_from_names_inside_names() -> None:
    """Two parts of one name would be one part."""
    space = spaces.Dict({"eye": EYE, "a.b": spaces.Discrete(3), "a": spaces.Dict({"b": spaces.Discrete(3)})})
    packed, convert = adapted_observation_space(space, "Some-v0")
    assert isinstance(packed, Packed)
    assert convert is not None
    parts = packed.unpack(torch.from_numpy(convert({"eye": space["eye"].sample(), "a.b": 2, "a": {"b": 1}})))
    assert {name: part.tolist() for name, part in parts.items() if name != "eye"} == {
        r"a\.b": [0.0, 0.0, 1.0], "a.b": [0.0, 1.0, 0.0]
    }  # fmt: skip
