"""Reach: bring the end effector to within 0.1 m of an object on the table.

+1 where it is (the episode ends), -0.1 where it has left the workspace (ends), -0.1 at the step limit (cut), else 0; so
an episode's return is 1 or -0.1, and the rate of success (mean return + 0.1) / 1.1.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from palestra.envs.arm.task import DROP_HEIGHT, MAX_STEP, WORKSPACE, Task, Workspace
from palestra.errors import require

ABOVE = 0.05
"""The expert aims this far above the object, so that it arrives before it could leave the workspace below."""
MARGIN = 0.04
"""And it stays this far inside the workspace."""


@dataclass(frozen=True)
class Reach(Task):
    """The notes' task."""

    name: ClassVar[str] = "reach"

    radius: float = 0.1
    """Metres within which the object counts as reached."""
    workspace: Workspace = WORKSPACE

    def __post_init__(self) -> None:
        require(self.radius > 0, f"radius={self.radius}", "a positive distance")

    def sample(self, num: int, generator: Generator) -> Tensor:
        """The object anywhere above the workspace's floor, a little above the table."""
        uniform = torch.rand(num, 2, generator=generator, device=generator.device)
        low_2, high_2 = uniform.new_tensor(self.workspace.low[:2]), uniform.new_tensor(self.workspace.high[:2])
        height = uniform.new_full((num, 1), DROP_HEIGHT)
        return torch.cat((low_2 + (high_2 - low_2) * uniform, height), 1)

    def distance(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B,) from the end effector to the object."""
        distance_B: Tensor = torch.linalg.vector_norm(ee_B3 - place_BK[:, :3], dim=1)
        return distance_B

    def reward_and_end(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Leaving the workspace comes first: near the object but outside is outside."""
        left_B = ~self.workspace.contains(ee_B3)
        reached_B = (self.distance(ee_B3, place_BK) < self.radius) & ~left_B
        return reached_B.float() - 0.1 * left_B.float(), left_B | reached_B, reached_B

    def expert(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """Down a funnel to a point just above the object, or to the nearest one well inside the workspace.

        No lower than it is far, so that whoever imitates it with an error does not leave through the floor; as the way
        down is longer than any way across, that costs no step.
        """
        above = place_BK.new_tensor([0.0, 0.0, min(ABOVE, self.radius / 2)])
        aim_B3 = self.workspace.clamp(place_BK[:, :3] + above, margin=min(MARGIN, 0.4 * self.radius))
        across_B = torch.linalg.vector_norm(aim_B3[:, :2] - ee_B3[:, :2], dim=1)
        height_B = aim_B3[:, 2] + (across_B - self.radius / 2).clamp_min(0.0)
        aim_B3 = torch.cat((aim_B3[:, :2], height_B[:, None]), 1)
        return ((aim_B3 - ee_B3) / MAX_STEP).clamp(-1.0, 1.0)

    def goals(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor]:
        """Achieved is where the end effector is, desired where the object is."""
        return ee_B3.clamp(-2, 2), place_BK[:, :3].clamp(-2, 2)

    def goal_reward(self, achieved_B3: Tensor, desired_B3: Tensor) -> tuple[Tensor, Tensor]:
        """As ``reward_and_end``, which a pair of goals decides."""
        reward_B, terminated_B, _ = self.reward_and_end(achieved_B3, desired_B3)
        return reward_B, terminated_B
