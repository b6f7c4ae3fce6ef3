"""One set of settings, which both worlds of the arm take alike."""

from dataclasses import FrozenInstanceError

import pytest

from palestra.envs.arm.reach import Reach
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.settings import DEFAULTS, ArmSettings
from palestra.errors import UsageError


def test_names_are_made_and_ones_own_are_taken() -> None:
    task, robot = Reach(radius=0.3), load_robot("kuka_iiwa")
    assert ArmSettings(radius=0.2).make_task() == Reach(radius=0.2)
    assert ArmSettings(task, radius=0.2).make_task() is task
    assert ArmSettings(robot=robot).make_robot() is robot
    assert DEFAULTS.make_robot().name == "kuka_iiwa"


def test_the_space_is_the_views() -> None:
    settings = ArmSettings(view="pixels", image_size=20, frame_stack=2)
    assert settings.space(settings.make_task(), settings.make_robot()).shape == (2, 20, 20)


def test_they_are_checked_and_never_change() -> None:
    with pytest.raises(UsageError, match="frame_skip=0; expected at least 1"):
        ArmSettings(frame_skip=0)
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.view = "pixels"  # type: ignore[misc]
