"""Reach: near the object is success, outside the workspace the end."""

import pytest
import torch

from palestra.envs.arm.reach import Reach
from palestra.envs.arm.task import Workspace


def reach(ee: list[float], thing: list[float], radius: float = 0.1) -> tuple[float, bool, bool]:
    reward, terminated, success = Reach(radius).reward_and_end(torch.tensor([ee]), torch.tensor([thing]))
    assert reward.dtype == torch.float32
    return reward.item(), terminated.item(), success.item()


def test_near_the_object_is_success() -> None:
    assert reach([0.5, 0.0, 0.08], [0.5, 0.05, 0.0]) == (1.0, True, True)
    assert reach([0.5, 0.0, 0.09], [0.5, 0.05, 0.0]) == (0.0, False, False)  # 0.103 m
    assert reach([0.5, 0.0, 0.04], [0.5, 0.05, 0.0], radius=0.05) == (0.0, False, False)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_outside_the_workspace_is_the_end_and_no_success(axis: int) -> None:
    for bound, out in ((Workspace().low[axis], -0.001), (Workspace().high[axis], 0.001)):
        ee = [0.45, 0.0, 0.3]
        ee[axis] = bound - out * 2
        assert not reach(ee, [9.0, 9.0, 9.0])[1]
        ee[axis] = bound + out
        reward, terminated, success = reach(ee, ee)  # at the object, even
        assert (reward, terminated, success) == (pytest.approx(-0.1), True, False)


def test_objects_lie_in_the_workspace_and_depend_on_the_generator_alone() -> None:
    place = Reach().sample(4_000, torch.Generator().manual_seed(3))
    torch.testing.assert_close(place, Reach().sample(4_000, torch.Generator().manual_seed(3)), rtol=0, atol=0)
    low, high = place.amin(0), place.amax(0)
    torch.testing.assert_close(low[:2], torch.tensor([0.2, -0.3]), atol=1e-3, rtol=0)
    torch.testing.assert_close(high[:2], torch.tensor([0.7, 0.3]), atol=1e-3, rtol=0)
    torch.testing.assert_close(place.mean(0)[:2], torch.tensor([0.45, 0.0]), atol=0.01, rtol=0)
