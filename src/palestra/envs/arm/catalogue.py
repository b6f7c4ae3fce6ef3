"""The arm's tasks and their ids. A new task is one file and one line here."""

import importlib
from typing import TYPE_CHECKING

from palestra.errors import unknown_name

if TYPE_CHECKING:
    from palestra.envs.arm.task import Task

TASKS = {
    "reach": "palestra.envs.arm.reach:Reach",
    "push": "palestra.envs.arm.push:Push",
    "pick-place": "palestra.envs.arm.pick_place:PickPlace",
}
"""Where each task is; its id is ``env_id`` of its name."""
MAX_EPISODE_STEPS = 40
"""The step limit, unless told otherwise."""


def env_id(task: str) -> str:
    """The id of a task: "palestra/ArmPickPlace-v0" of "pick-place"."""
    return f"palestra/Arm{''.join(map(str.capitalize, task.split('-')))}-v0"


def load_task(name: str, radius: float | None = None) -> "Task":
    """The task of that name, with its own radius of success or another. Raises UsageError for an unknown one."""
    if name not in TASKS:
        raise unknown_name("task of the arm", name, TASKS)
    module, _, kind = TASKS[name].partition(":")
    make = getattr(importlib.import_module(module), kind)
    task: Task = make() if radius is None else make(radius=radius)
    return task
