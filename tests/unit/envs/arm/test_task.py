"""What is rewarded and when an episode ends, on states whose answer is known; and experts who know what to do."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.arm.catalogue import TASKS, load_task
from palestra.envs.arm.push import Push
from palestra.envs.arm.reach import Reach
from palestra.envs.arm.task import VIEWS, view_space
from palestra.errors import UsageError

TASK_NAMES = sorted(TASKS)


@pytest.mark.parametrize("name", TASK_NAMES)
def test_experts_succeed_where_commands_are_obeyed(name: str) -> None:
    """In a world in which the end effector is where it is told to be, and things move as the task says."""
    task = load_task(name)
    place = task.sample(500, torch.Generator().manual_seed(0))
    ee = torch.tensor([[0.532, -0.001, 0.496]]).repeat(500, 1)
    open_, succeeded = torch.ones(500, dtype=torch.bool), torch.zeros(500, dtype=torch.bool)
    for _ in range(40):
        action = task.expert(ee, place)
        assert action.abs().max() <= 1
        after = torch.where(open_[:, None], task.limit(ee + 0.1 * action[:, :3]), ee)
        place, ee = task.move(ee, after, place, action[:, 3:]), after
        _, terminated, success = task.reward_and_end(ee, place)
        succeeded |= success & open_
        open_ &= ~terminated
    assert succeeded.float().mean() >= 0.99


@pytest.mark.parametrize("name", TASK_NAMES)
@pytest.mark.parametrize("ended", ["", "out of time"])
def test_compute_reward_of_many_is_that_of_each(name: str, ended: str) -> None:
    task = load_task(name)
    rng = np.random.default_rng(0)
    achieved = rng.uniform((0.1, -0.4, -0.1), (0.8, 0.4, 0.6), (300, 3)).astype(np.float32)
    desired = achieved + rng.normal(0, 0.06, (300, 3)).astype(np.float32)
    more = np.zeros((300, task.goal_size - 3), np.float32)  # held by nothing
    achieved, desired = np.hstack((achieved, more)), np.hstack((desired, more))
    info = np.array([{"ended": ended if i % 2 else ""} for i in range(300)])
    many = task.compute_reward(achieved, desired, info)
    each = [task.compute_reward(*row) for row in zip(achieved, desired, info, strict=True)]
    assert many.shape == (300,)
    assert np.ndim(each[0]) == 0
    np.testing.assert_array_equal(many, each)
    torch_reward, terminated = task.goal_reward(torch.from_numpy(achieved), torch.from_numpy(desired))
    late = np.array([one["ended"] == "out of time" for one in info]) & ~terminated.numpy()
    np.testing.assert_array_equal(many[~late], torch_reward.numpy()[~late])
    np.testing.assert_array_almost_equal(many[late], torch_reward.numpy()[late] - 0.1)
    assert len(np.unique(many)) >= 2


def test_compute_reward_wants_equal_shapes() -> None:
    with pytest.raises(UsageError, match="equal shapes"):
        Reach().compute_reward(np.zeros((2, 3)), np.zeros(3), {})


@pytest.mark.parametrize("view", VIEWS)
def test_views_have_spaces(view: str) -> None:
    space = view_space(Reach(), view, image_size=20, frame_stack=2)
    match space:
        case spaces.Dict():
            assert list(space) == sorted(space)
        case spaces.Box():
            assert space.shape == ((16,) if view == "state" else (2, 20, 20))
    assert view_space(Push(), "state").shape == (19,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: view_space(Reach(), "pixel"), "unknown view of the task 'reach' 'pixel'; nearest: pixels"),
        (lambda: view_space(Push(), "pixels"), "unknown view of the task 'push' 'pixels'; nearest: state"),
        (lambda: view_space(Reach(), "pixels", image_size=0), "image_size=0; expected at least 1"),
        (lambda: view_space(Reach(), "pixels", frame_stack=0), "frame_stack=0; expected at least 1"),
        (lambda: load_task("reech"), "unknown task of the arm 'reech'; nearest: reach"),
        (lambda: load_task("reach", radius=0.0), "radius=0.0; expected a positive distance"),
    ],
)
def test_wrong_settings(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=message):
        call()
