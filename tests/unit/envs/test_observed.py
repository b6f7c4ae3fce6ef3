"""One observation or a batch, in the environment's own form or the contract's: its space decides, for every kind."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from palestra.envs.observed import Observed
from palestra.envs.spaces import Packed
from palestra.errors import UsageError

VECTOR = spaces.Box(-1.0, 1.0, (3,), np.float32)
EYE = spaces.Box(0, 255, (8, 9, 3), np.uint8)
OWN = {
    "vector": VECTOR,
    "matrix": spaces.Box(-1.0, 1.0, (2, 3), np.float64),
    "scalar": spaces.Box(-1.0, 1.0, (), np.float32),
    "integers": spaces.Box(-5, 5, (4,), np.int64),
    "scalar integer": spaces.Box(-5, 5, (), np.int8),
    "small bytes": spaces.Box(0, 255, (3, 3), np.uint8),
    "image": EYE,
    "Discrete": spaces.Discrete(4),
    "Discrete from 2": spaces.Discrete(4, start=2),
    "Discrete from -3": spaces.Discrete(4, start=-3),
    "MultiDiscrete": spaces.MultiDiscrete([3, 4]),
    "MultiDiscrete from 5": spaces.MultiDiscrete([3, 4], start=[5, -1]),
    "MultiDiscrete in rows": spaces.MultiDiscrete([[3, 4], [2, 2]]),
    "MultiBinary": spaces.MultiBinary(3),
    "MultiBinary in rows": spaces.MultiBinary((2, 3)),
    "Tuple": spaces.Tuple((spaces.Discrete(32), spaces.Discrete(11), spaces.Discrete(2))),
    "Dict": spaces.Dict(a=VECTOR, b=spaces.Discrete(3, start=1)),
    "nested": spaces.Dict(a=spaces.Tuple((VECTOR, spaces.MultiBinary(2))), b=spaces.Dict(c=spaces.Discrete(3))),
    "packed": spaces.Dict(eye=EYE, body=VECTOR, mode=spaces.Discrete(3, start=4)),
    "packed Tuple": spaces.Tuple((spaces.Box(-1.0, 1.0, (), np.float32), EYE)),
}  # fmt: skip
EVERY = pytest.mark.parametrize("own", OWN.values(), ids=OWN)


def batch(own: gym.Space[Any], given: list[Any]) -> Any:
    """As Gymnasium's vector environments join the observations of copies."""
    return concatenate(own, given, create_empty_array(own, len(given)))


@EVERY
def test_one_is_one_and_a_batch_is_its_rows(own: gym.Space[Any]) -> None:
    observed = Observed(own, "Some-v0")
    own.seed(0)
    given = [own.sample() for _ in range(5)]
    rows, single = observed.read(batch(own, given))
    assert not single
    assert rows.shape == (5, *observed.space.shape)
    for obs, row in zip(given, rows, strict=True):
        assert batch_space(own, 5).contains(batch(own, given))
        one, alone = observed.read(obs)
        assert alone
        assert one.dtype == observed.space.dtype
        assert observed.space.contains(np.asarray(one[0]))
        np.testing.assert_array_equal(one[0], row)
    assert len({row.tobytes() for row in rows}) > 1  # what differs is told apart


@EVERY
def test_the_contracts_form_will_do_too(own: gym.Space[Any]) -> None:
    observed = Observed(own, "Some-v0")
    own.seed(1)
    rows, _ = observed.read(batch(own, [own.sample() for _ in range(3)]))
    if not isinstance(own, spaces.MultiBinary) or own.shape == observed.space.shape:
        again, single = observed.read(rows)
        assert not single
        np.testing.assert_array_equal(again, rows)
        one, single = observed.read(rows[0])
        assert single
        np.testing.assert_array_equal(one[0], rows[0])


def test_a_count_is_taken_from_the_start() -> None:
    for start in (0, 2, -3):
        rows, single = Observed(spaces.Discrete(3, start=start)).read(np.int64(start + 1))
        assert single
        assert rows.tolist() == [[0.0, 1.0, 0.0]]


def test_a_square_batch_is_as_many_as_it_has_rows() -> None:
    # Three observations of three bits, which by rank could be anything.
    assert Observed(spaces.MultiBinary(3)).read(np.eye(3, dtype=np.int8))[1] is False
    assert Observed(spaces.MultiBinary(3)).read(np.ones(3, dtype=np.int8))[1] is True
    assert Observed(spaces.Discrete(3)).read(np.ones(3, dtype=np.int64))[0].shape == (3, 3)
    assert Observed(spaces.Tuple((spaces.Discrete(4),) * 3)).read((1, 2, 3))[1] is True


def test_images_beside_vectors_are_packed() -> None:
    assert isinstance(Observed(OWN["packed"]).space, Packed)


@pytest.mark.parametrize(
    ("name", "obs", "said"),
    [
        ("vector", np.zeros(2), r"of shape \(2,\); expected \(3,\), or a batch"),
        ("vector", np.zeros((2, 2, 3)), r"of shape \(2, 2, 3\)"),
        ("vector", {"a": 1}, "of the keys a"),
        ("vector", [[1.0], [2.0, 3.0]], "of type list"),
        ("vector", None, "of type NoneType"),
        ("vector", ["a", "b", "c"], r"of shape \(3,\)"),
        ("Discrete from 2", 0, r"observation 0; expected one that Discrete\(4, start=2\) has"),
        ("Discrete from 2", np.array([2, 6]), r"one that Discrete\(4, start=2\) has"),
        ("Discrete", 1.0, r"of shape \(\); expected what reset\(\) gives, of Discrete\(4\)"),
        ("MultiDiscrete", np.array([2, 4]), r"one that MultiDiscrete\(\[3 4\]\) has"),
        ("Tuple", (1, 2), r"of shape \(2,\); expected what reset\(\) gives, of Tuple"),
        ("Tuple", (1, 2, np.array([1, 0])), "of type tuple; expected what"),
        ("Dict", {"a": np.zeros(3)}, "of the keys a; expected what"),
        ("Dict", {"a": np.zeros((2, 3)), "b": np.array([1, 1, 1])}, "of the keys a, b"),  # two of one, three of another
        ("Dict", {"a": np.zeros(3), "b": 0}, r"observation 0; expected one that Discrete\(3, start=1\) has"),
    ],
)
def test_what_is_no_observation_is_said(name: str, obs: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Observed(OWN[name]).read(obs)


@EVERY
def test_every_number_is_counted_or_measured(own: gym.Space[Any]) -> None:
    observed = Observed(own, "Some-v0")
    if isinstance(observed.space, Packed):
        return
    own.seed(0)
    counted = observed.counted()
    assert counted.shape == (int(np.prod(observed.space.shape)),)
    rows = np.stack([observed.read(own.sample())[0].reshape(-1) for _ in range(50)])
    assert np.isin(rows[:, counted], (0.0, 1.0)).all()
    assert not np.isin(rows[:, ~counted], (0.0, 1.0)).all(0).any()


def test_what_is_counted_stands_where_it_is_seen() -> None:
    assert Observed(OWN["Dict"]).counted().tolist() == [False] * 3 + [True] * 3
    assert Observed(OWN["nested"]).counted().tolist() == [False] * 3 + [True] * 5
    assert not Observed(OWN["matrix"]).counted().any()
    assert Observed(OWN["MultiDiscrete in rows"]).counted().all()
