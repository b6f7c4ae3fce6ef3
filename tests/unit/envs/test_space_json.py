"""Spaces as JSON: equal when they come back, and errors for what is none."""

import json
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from palestra.envs.space_json import space_from_json, space_to_json
from palestra.envs.spaces import Packed
from palestra.errors import UsageError

BOX = spaces.Box(-1.0, 1.0, (3,), np.float32)
SPACES = [
    BOX, spaces.Box(0, 255, (8, 8, 3), np.uint8), spaces.Box(-np.inf, np.inf, (), np.float64),
    spaces.Box(np.float32([-1.0, -np.inf]), np.float32([2.5, 7.0]), dtype=np.float32), spaces.Discrete(5, start=2),
    spaces.MultiDiscrete([2, 3], start=[1, 0]), spaces.MultiBinary(4), spaces.MultiBinary([2, 3]),
    spaces.Dict({"b": BOX, "a": spaces.Tuple((spaces.Discrete(2), BOX))}),
    Packed({"image": spaces.Box(0, 255, (8, 8), np.uint8), "x": BOX}), spaces.Box(0.0, 1.0, (0,), np.float32),
]  # fmt: skip


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_space_comes_back_equal(space: Any) -> None:
    text = json.dumps(space_to_json(space), allow_nan=False)
    back = space_from_json(json.loads(text))
    assert back == space
    assert type(back) is type(space)
    assert back.dtype == space.dtype


def test_images_do_not_fill_the_file() -> None:
    assert len(json.dumps(space_to_json(spaces.Box(0, 255, (84, 84, 4), np.uint8)))) < 100


@pytest.mark.parametrize(
    "values",
    [
        None, 3, {}, {"box": [3]}, {"box": [1 << 20, 1 << 20], "dtype": "float32", "low": 0, "high": 1},
        {"box": [2], "dtype": "nope", "low": 0, "high": 1}, {"box": [2], "dtype": "float32", "low": "x", "high": 1},
        {"box": [-3], "dtype": "float32", "low": 0, "high": 1}, {"discrete": -1, "start": 0}, {"tuple": [3]},
        {"multi_discrete": ["a"], "start": [0]}, {"packed": {"a": {"discrete": 2, "start": 0}}},
    ],
    ids=str,
)  # fmt: skip
def test_anything_else_is_refused(values: Any) -> None:
    with pytest.raises(UsageError):
        space_from_json(values)


def test_a_space_of_another_kind_is_not_written() -> None:
    with pytest.raises(UsageError, match="cannot be saved"):
        space_to_json(spaces.Text(4))
