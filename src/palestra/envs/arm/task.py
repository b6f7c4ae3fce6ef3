"""What a task of the arm is: where things are placed, what is rewarded, when an episode ends, what is seen of it.

A task knows neither PyBullet nor the twin: both worlds call the same functions, on tensors whose rows are copies of
the world. To add a task, write one file with a subclass of :class:`Task` and name it in ``catalogue.TASKS``.

In both worlds the *place* of a copy is a row of ``place_size`` numbers: first the object's position (3), which the
world moves, then whatever else the task has put there (a goal, say), which stays. Metres throughout.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Generator, Tensor

from palestra.envs.vector import GoalSpec
from palestra.errors import require, unknown_name

VIEWS = ("state", "pixels", "pixels+proprio", "goal")
"""The four views of one task: what an agent is given to see."""
MAX_STEP = 0.1
"""Metres that the end effector is told to move along an axis by an action of 1."""
LATE_REWARD = -0.1
"""For an episode that the step limit cuts."""
FRAME_STACK = 3
"""Pictures seen at once, unless told otherwise."""
IMAGE_SIZE = 84
"""Rows and columns of a picture, unless told otherwise."""
NUM_JOINTS = 7
"""Of the robot that comes with Palestra; functions whose tensors end in B7 take one's own number as well."""
TABLE_TOP = -0.025
"""Height of the table's surface; the arm stands on z = 0."""
DROP_HEIGHT = 0.01
"""Height at which the notes put the object, a little above where it comes to rest."""


@dataclass(frozen=True)
class Workspace:
    """The box in which the end effector has to stay."""

    low: tuple[float, float, float] = (0.2, -0.3, 0.0)
    """Least x, y and z."""
    high: tuple[float, float, float] = (0.7, 0.3, 0.55)
    """Greatest x, y and z."""

    def contains(self, point_B3: Tensor) -> Tensor:
        """(B,) bool: whether points lie in the box, its faces included."""
        low_3, high_3 = point_B3.new_tensor(self.low), point_B3.new_tensor(self.high)
        return ((point_B3 >= low_3) & (point_B3 <= high_3)).all(-1)

    def clamp(self, point_B3: Tensor, margin: float = 0.0) -> Tensor:
        """The nearest points that are at least ``margin`` inside."""
        low_3, high_3 = point_B3.new_tensor(self.low), point_B3.new_tensor(self.high)
        return point_B3.clamp(low_3 + margin, high_3 - margin)

    def edges(self) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
        """The eight lines that the notes draw: four upright, and the rectangle on top."""
        (x0, y0, z0), (x1, y1, z1) = self.low, self.high
        corners = [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
        upright = [((x, y, z0), (x, y, z1)) for x, y in corners]
        top = [((*corners[i], z1), (*corners[(i + 1) % 4], z1)) for i in range(4)]
        return upright + top


WORKSPACE = Workspace()
"""That of the notes."""


@dataclass(frozen=True)
class Puck:
    """A cylinder that stands on the table, for tasks that bring their own object."""

    radius: float
    height: float
    mass: float = 0.1
    friction: float = 0.5


@dataclass(frozen=True)
class Plinth:
    """A square column that stands on the table and does not move."""

    half: float
    """Half of its width."""
    height: float
    """Of its top above the table."""


class Task(ABC):
    """What is to be done. Its functions take and give tensors of any float dtype, one row a copy of the world."""

    name: ClassVar[str]
    views: ClassVar[tuple[str, ...]] = VIEWS
    """Those of ``VIEWS`` that this task offers."""
    place_size: ClassVar[int] = 3
    """Numbers that say where things are; the first three are the object's position."""
    puck: ClassVar[Puck | None] = None
    """The object; None for one of many, a new one in every episode."""
    goal_size: ClassVar[int] = 3
    """Numbers of a goal."""
    grips: ClassVar[bool] = False
    """Whether jaws hang from the flange (:mod:`palestra.envs.arm.jaws`). Then an action has a fourth number, how wide
    they are to be, -1 shut and 1 open; the objects are :mod:`~palestra.envs.arm.blocks`; and a place ends with the
    opening of the jaws and the block's half extents (1 + 3)."""
    plinth: ClassVar[Plinth | None] = None
    """What stands at the goal, whose x and y are a place's fourth and fifth number."""
    workspace: Workspace = WORKSPACE
    radius: float
    """Metres within which the task counts as done."""

    @abstractmethod
    def sample(self, num: int, generator: Generator) -> Tensor:
        """Places (num, place_size) float32 in which episodes begin, on the generator's device."""

    @abstractmethod
    def reward_and_end(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward (B,) float32, terminated (B,) bool and success (B,) bool of being in a state.

        The step limit is the world's: it adds ``LATE_REWARD`` where it cuts an episode that has not terminated.
        """

    @abstractmethod
    def distance(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B,) how far the task is from being done."""

    @property
    def action_size(self) -> int:
        """Numbers of an action: along x, y and z, and the jaws."""
        return 3 + self.grips

    def fit(self, place_BK: Tensor, half_B3: Tensor) -> Tensor:
        """The same places for objects of these half extents; for tasks to which they matter."""
        return place_BK

    def limit(self, aim_B3: Tensor) -> Tensor:
        """Where the end effector is sent that was to go to ``aim_B3``."""
        return aim_B3

    @abstractmethod
    def expert(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """Actions (B, action_size) in [-1, 1] of somebody who knows the state."""

    @abstractmethod
    def goals(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor]:
        """What has been achieved (B, goal_size), and what was desired, as many; the first three are a point."""

    @abstractmethod
    def goal_reward(self, achieved_B3: Tensor, desired_B3: Tensor) -> tuple[Tensor, Tensor]:
        """Reward (B,) float32 and terminated (B,) bool of having achieved one thing while another was desired."""

    def goal_spec(self) -> GoalSpec:
        """Where goals lie in the view "goal" made flat: a Dict's keys are sorted, and these two come first."""
        return GoalSpec(slice(0, self.goal_size), slice(self.goal_size, 2 * self.goal_size), self.goal_reward)

    def move(self, before_B3: Tensor, after_B3: Tensor, place_BK: Tensor, jaws_BJ: Tensor) -> Tensor:
        """Places after the end effector went from one point to another; for worlds without physics of their own.

        ``jaws_BJ`` is what an action has beyond three numbers: (B, 1) for jaws, else (B, 0).
        """
        return place_BK

    def state_features(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """What the view "state" shows besides the joints: end effector, object, and from the object to it."""
        object_B3 = place_BK[:, :3]
        return torch.cat((ee_B3, place_BK, ee_B3 - object_B3), 1)

    def state(self, joints_B7: Tensor, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """The view "state": joint angles in radians, then ``state_features``. Positions beyond 2 m are shown as 2 m."""
        return torch.cat((joints_B7.clamp(-torch.pi, torch.pi), self.state_features(ee_B3, place_BK).clamp(-2, 2)), 1)

    def proprio(self, joints_B7: Tensor, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B, 10) what the arm knows of itself: joint angles and end effector; with jaws (B, 11), their opening."""
        opening_BJ = place_BK[:, -4:-3] if self.grips else place_BK[:, :0]
        return torch.cat((joints_B7.clamp(-torch.pi, torch.pi), ee_B3.clamp(-2, 2), opening_BJ), 1)

    def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
        """The reward of goals (goal_size,) or (B, goal_size), by NumPy; ``info`` is a dict or B of them.

        It equals the reward of the environment's step. An info whose "ended" is "out of time" tells of the step limit,
        which the goals cannot.
        """
        achieved, desired = np.asarray(achieved, np.float32), np.asarray(desired, np.float32)
        require(achieved.shape == desired.shape, f"goals {achieved.shape} and {desired.shape}", "equal shapes")
        rows = (torch.from_numpy(goals.reshape(-1, self.goal_size)) for goals in (achieved, desired))
        reward_B, terminated_B = self.goal_reward(*rows)
        infos = [info] if isinstance(info, dict) or info is None else list(info)
        late = np.array([one is not None and one.get("ended") == "out of time" for one in infos])
        reward = reward_B.numpy() + np.where(late & ~terminated_B.numpy(), np.float32(LATE_REWARD), np.float32(0))
        return reward.reshape(achieved.shape[:-1])[()]


def view_space(
    task: Task,
    view: str,
    image_size: int = IMAGE_SIZE,
    frame_stack: int = FRAME_STACK,
    num_joints: int = NUM_JOINTS,
) -> spaces.Space[Any]:
    """The observation space of a task's view. Raises UsageError for a view that it does not have."""
    if view not in task.views:
        raise unknown_name(f"view of the task {task.name!r}", view, task.views)
    require(image_size >= 1, f"image_size={image_size}", "at least 1")
    require(frame_stack >= 1, f"frame_stack={frame_stack}", "at least 1")
    zero = torch.zeros(1, 3), torch.zeros(1, task.place_size)
    pixels = spaces.Box(0, 255, (frame_stack, image_size, image_size), np.uint8)
    proprio = _space(num_joints, 3 + task.grips)
    match view:
        case "state":
            return _space(num_joints, task.state_features(*zero).shape[1])
        case "pixels":
            return pixels
        case "pixels+proprio":
            return spaces.Dict({"pixels": pixels, "proprio": proprio})
    goal = spaces.Box(-2.0, 2.0, (task.goal_size,), np.float32)
    return spaces.Dict({"achieved_goal": goal, "desired_goal": goal, "observation": proprio})


def _space(num_joints: int, positions: int) -> spaces.Box:
    high: NDArray[np.float32] = np.array([np.pi] * num_joints + [2.0] * positions, np.float32)
    return spaces.Box(-high, high, dtype=np.float32)
