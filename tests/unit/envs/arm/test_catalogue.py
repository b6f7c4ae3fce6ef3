"""The arm's tasks: each is known to Gymnasium, and an unknown one is told."""

import gymnasium as gym
import pytest

from palestra.envs.arm.catalogue import TASKS, env_id, load_task
from palestra.envs.arm.task import Task
from palestra.errors import UsageError


def test_tasks_are_registered_on_import() -> None:
    import palestra  # noqa: F401 - registers

    for name in TASKS:
        spec = gym.spec(env_id(name))
        assert spec.max_episode_steps == 40
        assert isinstance(load_task(name), Task)
        assert load_task(name).name == name


def test_a_radius_of_ones_own_and_a_task_that_there_is_not() -> None:
    assert env_id("reach") == "palestra/ArmReach-v0"
    assert load_task("push", radius=0.02).radius == 0.02
    with pytest.raises(UsageError, match="unknown task of the arm 'raech'; nearest: reach"):
        load_task("raech")
