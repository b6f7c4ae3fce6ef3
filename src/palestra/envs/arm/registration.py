"""The arm's tasks and their ids. A new task is one file and one line here.

``import palestra`` makes the ids known to ``gymnasium.make``: at once where Gymnasium is there already, else as soon as
it is. Gymnasium takes as long to import as ``import palestra`` may, so that one does not import it; and no PyBullet, no
torch is imported before an environment is made.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from palestra.errors import unknown_name

if TYPE_CHECKING:
    from palestra.envs.arm.task import Task

TASKS = {
    "reach": "palestra.envs.arm.reach:Reach",
    "push": "palestra.envs.arm.push:Push",
}
"""Where each task is; its id is ``env_id`` of its name."""
ENTRY_POINT = "palestra.envs.arm.gym_env:ArmEnv"
STEP_LIMIT = "palestra.envs.arm.gym_env:StepLimitReward"
MAX_EPISODE_STEPS = 40
"""The step limit, unless told otherwise."""


def env_id(task: str) -> str:
    """The id of a task, e.g. "palestra/ArmReach-v0"."""
    return f"palestra/Arm{task.capitalize()}-v0"


def load_task(name: str, radius: float | None = None) -> "Task":
    """The task of that name, with its own radius of success or another. Raises UsageError for an unknown one."""
    if name not in TASKS:
        raise unknown_name("task of the arm", name, TASKS)
    module, _, kind = TASKS[name].partition(":")
    make = getattr(importlib.import_module(module), kind)
    task: Task = make() if radius is None else make(radius=radius)
    return task


def register_arm() -> None:
    """Make the ids known to ``gymnasium.make``; more than once does nothing."""
    from gymnasium.envs.registration import WrapperSpec, register, registry

    for task in TASKS:
        if env_id(task) not in registry:
            # The wrappers of a specification lie outside the time limit, so this one sees that it has struck.
            late = (WrapperSpec("StepLimitReward", STEP_LIMIT, {}),)
            register(
                env_id(task),
                ENTRY_POINT,
                max_episode_steps=MAX_EPISODE_STEPS,
                kwargs={"task": task},
                additional_wrappers=late,
            )


def register_when_gymnasium_is_imported() -> None:
    """Register now if Gymnasium has been imported, else right after it is."""
    if "gymnasium" in sys.modules:
        register_arm()
    elif not any(isinstance(finder, _AfterGymnasium) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterGymnasium())


class _AfterGymnasium:
    """Finds Gymnasium as the other finders do, once, and registers with it when it has been executed."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "gymnasium":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            registering: Any = _Registering(spec.loader)
            spec.loader = registering
        return spec


class _Registering:
    """Gymnasium's own loader, and then the registration."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        register_arm()
