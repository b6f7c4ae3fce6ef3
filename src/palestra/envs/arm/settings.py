"""The settings that both worlds of the arm share."""

from dataclasses import dataclass
from typing import Any

from gymnasium import spaces

from palestra.envs.arm.camera import NOTES_CAMERA, Camera
from palestra.envs.arm.catalogue import load_task
from palestra.envs.arm.drive import Given
from palestra.envs.arm.robot import Robot, load_robot
from palestra.envs.arm.task import FRAME_STACK, IMAGE_SIZE, Task, view_space
from palestra.errors import require

SIMULATED_ONLY = ("control", "objects", "urdf", "simulator")
"""Settings that only a world with physics has: the twin's joints obey a formula, and it draws its own shapes."""


@dataclass(frozen=True)
class ArmSettings:
    """What is to be done, what is seen of it, and how the world may vary."""

    task: str | Task = "reach"
    """A task's name ("reach", "push", "pick-place"), or a task of one's own."""
    view: str = "state"
    """What is seen, a name in :data:`palestra.envs.arm.task.VIEWS`, as far as the task has it."""
    frame_skip: int = 1
    """How many times an action is executed in one step; the rewards are summed, and an end ends it."""
    frame_stack: int = FRAME_STACK
    """Pictures seen at once, the last of as many steps, oldest first; repeated at the start."""
    image_size: int = IMAGE_SIZE
    """Rows and columns of a picture."""
    randomisation: str = "none"
    """Level of domain randomisation, a name in :data:`palestra.envs.arm.looks.LEVELS`, or in the twin "automatic"."""
    drive: Given = "none"
    """How the twin's joints follow: a level of :data:`palestra.envs.arm.drive.LEVELS`, "automatic", or the motors
    themselves, {"lag": ..., "sag": ..., "latency": ...}. Worlds with physics have motors of their own."""
    radius: float | None = None
    """Metres within which the task counts as done; the task's own if None."""
    camera: Camera = NOTES_CAMERA
    """Which observes, before randomisation; its size is ``image_size``."""
    robot: str | Robot = "kuka_iiwa"
    """A robot's name, or a robot of one's own."""

    def __post_init__(self) -> None:
        require(self.frame_skip >= 1, f"frame_skip={self.frame_skip}", "at least 1")

    def make_task(self) -> Task:
        """The task. Raises UsageError for an unknown one."""
        return self.task if isinstance(self.task, Task) else load_task(self.task, self.radius)

    def make_robot(self) -> Robot:
        """The robot. Raises UsageError for an unknown one."""
        return load_robot(self.robot) if isinstance(self.robot, str) else self.robot

    def space(self, task: Task, robot: Robot) -> spaces.Space[Any]:
        """The observation space of the view. Raises UsageError for one that the task does not have."""
        return view_space(task, self.view, self.image_size, self.frame_stack, robot.num_joints)


DEFAULTS = ArmSettings()
