"""Of an info its numbers are taken, whatever type they have, and nothing else."""

import math
from typing import Any

import grasp
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from palestra.envs.registry import make_vec
from palestra.envs.reports import carried, numbers_of, unpacked


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, 1.0),
        (3, 3.0),
        (0.25, 0.25),
        (math.inf, math.inf),
        (np.bool_(True), 1.0),
        (np.float32(0.5), 0.5),
        (np.uint8(200), 200.0),
        (np.array(7), 7.0),
        (torch.tensor(1.5, requires_grad=True), 1.5),
    ],
)
def test_a_number_is_one_whatever_its_type(value: Any, number: float) -> None:
    (found,) = numbers_of({"x": value}).values()
    assert (found, type(found)) == (number, float)


@pytest.mark.parametrize(
    "value", ["1", None, np.nan, np.float32("nan"), 10**400, 1j, np.array(1j), np.zeros(1), [1], {"y": 1}, print]
)
def test_what_is_no_number_or_says_nothing_is_left_out(value: Any) -> None:
    assert numbers_of({"x": value, 5: 1.0, "z": 2}) == {"z": 2.0}


def test_numbers_come_through_a_vector_environment_unrounded_and_with_their_copy() -> None:
    vector = SyncVectorEnv([grasp.Grasp] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    gathered: dict[str, Any] = {}
    for copy, numbers in ((0, {"x": 2.0, "_x": 3.0}), (1, {}), (2, {"x": 0.5})):
        gathered = vector._add_info(gathered, carried(numbers), copy)
    assert unpacked(gathered) == ((0, {"x": 2.0, "_x": 3.0}), (2, {"x": 0.5}))
    assert unpacked({}) == ()


@pytest.mark.parametrize("backend", ["sync", "async"])
def test_only_what_was_said_at_an_end_is_reported(backend: Any) -> None:
    env = make_vec(grasp.ID, 4, backend=backend)
    obs, ends = env.reset(3), 0
    for _ in range(20):
        result = env.step(torch.tensor([0, 1, 0, 1]))
        done = result.terminated | result.truncated
        assert [copy for copy, _ in env.reports] == done.nonzero().flatten().tolist()
        for copy, numbers in env.reports:
            length = float(obs[copy, 1])
            said = {"is_success": float(copy % 2), "drag": 0.5 if length > 4 else 2.0, "length": length}
            assert numbers == said | {"return_mean": 1e9} | ({"time_to_success": length} if copy % 2 else {})
            ends += 1
        obs = result.obs
    env.close()
    assert ends > 12
