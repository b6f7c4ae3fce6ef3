"""Joints that follow late obey their differential equation, and those that are exact stay what they were."""

from typing import Any

import numpy as np
import pytest
import torch
from twins import made, rules

from palestra.envs.arm.drive import LEVELS, MOVEMENT, PATH, Drive, Drives, describe, draw, drive_level, follow, is_exact
from palestra.envs.registry import make_vec
from palestra.errors import UsageError


def test_a_movement_is_the_solution_of_its_equation() -> None:
    """Against Euler's method in 20,000 steps, for lags short and long."""
    lag, sag = np.array([0.002, 0.03, 0.1, 0.5]), np.array([0.0, 0.01, -0.02, 0.03])
    q, start, to = np.array([0.1, 0.2, -0.3, 0.4]), np.array([0.15, 0.1, -0.2, 0.4]), np.array([0.3, -0.1, 0.0, 0.5])
    found = follow(*(torch.from_numpy(each) for each in (q, start, to, lag, sag))).numpy()
    steps = 20_000
    for i in range(steps):
        s = min((i + 0.5) / steps * MOVEMENT / PATH, 1.0)
        target = start + (3 * s**2 - 2 * s**3) * (to - start)
        q = q + MOVEMENT / steps * (target + sag - q) / lag
    np.testing.assert_allclose(found, q, atol=2e-5)


def test_no_lag_is_exactly_there() -> None:
    q, to = torch.randn(3, 7), torch.randn(3, 7)
    assert torch.equal(follow(q, q, to, torch.zeros(3, 7), torch.zeros(3, 7)), to)


def test_every_level_holds_the_one_before_and_draws_fill_it() -> None:
    for inner, outer in zip(list(LEVELS.values())[:-1], list(LEVELS.values())[1:], strict=True):
        assert outer.lag[0] <= inner.lag[0] <= inner.lag[1] < outer.lag[1]
        assert inner.sag < outer.sag
    lag, sag = draw(LEVELS["high"], 2_000, 7, torch.Generator().manual_seed(0)).chunk(2, 1)
    assert torch.equal(lag, lag[:, :1].expand(-1, 7))
    assert 0 <= lag.min() < 0.005
    assert 0.145 < lag.max() <= 0.15
    assert sag.abs().max() <= 0.02
    assert (sag.std(1) > 0).all()


def test_an_exact_drive_is_the_twin_as_it_was() -> None:
    twin, other = made(3), made(3, drive={"lag": 0.0})
    assert rules(twin)._widths == rules(other)._widths
    assert rules(twin)._widths[-3:] == [0, 0, 0]


def test_arms_with_a_lag_come_later_and_those_with_latency_later_still() -> None:
    """One action down, then none: the exact arm is there at once, the others get there by and by."""
    heights = {}
    for name, drive in (("exact", "none"), ("lag", {"lag": 0.1}), ("late", {"lag": 0.1, "latency": 1})):
        twin = made(1, drive=drive)
        twin.reset(0)
        down, still = torch.tensor([[0.0, 0.0, -0.5]]), torch.zeros(1, 3)
        for _ in range(5):  # until the gripper points down
            begun = float(twin.step(still).final_obs[0, 9])
        heights[name] = [begun - float(twin.step(down if i == 0 else still).final_obs[0, 9]) for i in range(7)]
    np.testing.assert_allclose(heights["exact"], 0.05, atol=1e-3)
    assert heights["lag"][0] == pytest.approx(0.511 * 0.05, abs=2e-3)  # g of a lag of 0.1 s
    assert heights["lag"][6] == pytest.approx(0.05, abs=1e-3)
    assert heights["late"][0] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(heights["late"][1:], heights["lag"][:-1], atol=1e-3)


def test_the_expert_knows_what_the_arm_was_told() -> None:
    twin = made(40, drive={"lag": 0.12})
    twin.reset(0)
    ended = torch.zeros(40, dtype=torch.bool)
    reached = ended.clone()
    for _ in range(16):
        result = twin.step(twin.expert())
        over = result.terminated | result.truncated
        reached |= over & ~ended & rules(twin).success
        ended |= over
    assert reached.float().mean() > 0.95


def test_a_saved_twin_goes_on_exactly() -> None:
    settings: dict[str, Any] = {"view": "state", "drive": "high"}
    env, again = (make_vec("palestra/ArmReach-v0", 4, env_kwargs=settings) for _ in range(2))
    env.reset(0)
    for _ in range(3):
        env.step(env.expert())
    again.load_state_dict(env.state_dict())
    for _ in range(3):
        for ours, theirs in zip(env.step(env.expert()), again.step(again.expert()), strict=True):
            assert torch.equal(ours, theirs)


def test_motors_survive_as_arguments() -> None:
    drive = Drive((0.1, 0.2), (0.01,), 1)
    assert drive_level(describe(drive)) == drive
    assert drive_level({"lag": 0.1}) == Drive((0.1,))
    assert is_exact("none")
    assert not is_exact("automatic")
    assert drive_level("automatic") == Drives()


@pytest.mark.parametrize(
    ("drive", "words"),
    [
        ("hgih", "unknown level of the drive 'hgih'; nearest: high"),
        ({"lga": 0.1}, "unknown number of the drive 'lga'; nearest: lag"),
        ({"lag": -0.1}, r"lag=\(-0.1,\); expected seconds from 0 to 1"),
        ({"lag": float("nan")}, "expected seconds from 0 to 1"),
        ({"lag": "soon"}, "expected numbers for lag, sag, latency"),
        ({"sag": 2.0}, "expected radians from"),
        ({"latency": 5}, "expected steps from 0 to 2"),
        ({"lag": [0.1, 0.2]}, "2 numbers of lag; expected one, or 7"),
    ],
)
def test_motors_that_cannot_be_are_told(drive: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_vec("palestra/ArmReach-v0", 1, backend="torch", env_kwargs={"drive": drive})
