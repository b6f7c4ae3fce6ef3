"""Push: shove a puck over the table to a goal with the arm's last link. From the state: no picture shows the goal.

+1 where the puck is within 0.05 m of the goal (the episode ends), -0.1 where the end effector or the puck has left the
workspace (ends), -0.1 at the step limit (cut); besides, on every step that goes on, -0.1 times the metres from puck to
goal and from end effector to puck, which lead the way.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from palestra.envs.arm.task import MAX_STEP, TABLE_TOP, WORKSPACE, Puck, Task, Workspace
from palestra.errors import require

AREA_LOW, AREA_HIGH = (0.38, -0.14), (0.56, 0.14)
"""Puck and goal lie in this rectangle, so that there is room to go around."""
TOOL_RADIUS, TOOL_LENGTH = 0.055, 0.048
"""Of the arm's last link, a flange; the length is what hangs below the end effector's frame."""
PUSHING, TRAVELLING = 0.04, 0.15
"""Heights at which the expert holds the end effector, to push and to pass over the puck."""
PUSH = 0.04
"""Metres that the expert pushes in a step: a puck that is pushed faster slides on by itself."""
PUCK = Puck(radius=0.05, height=0.06, mass=0.5, friction=1.0)
TOUCH = TOOL_RADIUS + PUCK.radius
"""From the middle of the tool to the middle of the puck where they touch."""
SLICES = 10
"""Pieces of one movement within which the twin's puck is pushed straight ahead."""


@dataclass(frozen=True)
class Push(Task):
    """The second task: another file, another line in ``catalogue.TASKS``, nothing else."""

    name: ClassVar[str] = "push"
    views: ClassVar[tuple[str, ...]] = ("state",)
    place_size: ClassVar[int] = 6
    puck: ClassVar[Puck | None] = PUCK

    radius: float = 0.05
    """Metres within which the goal counts as reached."""
    workspace: Workspace = WORKSPACE

    def __post_init__(self) -> None:
        require(self.radius > 0, f"radius={self.radius}", "a positive distance")

    def sample(self, num: int, generator: Generator) -> Tensor:
        """Puck and goal uniform in the area; a goal that is less than twice the radius away is on the other side."""
        uniform = torch.rand(num, 2, 2, generator=generator, device=generator.device)
        low_2, high_2 = uniform.new_tensor(AREA_LOW), uniform.new_tensor(AREA_HIGH)
        puck_B2, goal_B2 = (low_2 + (high_2 - low_2) * uniform).unbind(1)
        near_B1 = torch.linalg.vector_norm(puck_B2 - goal_B2, dim=1, keepdim=True) < 2 * self.radius
        middle_2 = (low_2 + high_2) / 2
        half_way_2 = (high_2 - low_2) / 2
        other_side_B2 = puck_B2 + torch.where(puck_B2 > middle_2, -half_way_2, half_way_2)
        goal_B2 = torch.where(near_B1, other_side_B2, goal_B2)
        height = uniform.new_full((num, 1), TABLE_TOP + PUCK.height / 2)
        return torch.cat((puck_B2, height, goal_B2, height), 1)

    def distance(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B,) from the puck to the goal, along the table."""
        distance_B: Tensor = torch.linalg.vector_norm(place_BK[:, :2] - place_BK[:, 3:5], dim=1)
        return distance_B

    def reward_and_end(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As the module says."""
        puck_B3 = torch.cat((place_BK[:, :2], ee_B3[:, 2:]), 1)  # its height does not matter
        left_B = ~(self.workspace.contains(ee_B3) & self.workspace.contains(puck_B3))
        to_goal_B = self.distance(ee_B3, place_BK)
        reached_B = (to_goal_B < self.radius) & ~left_B
        to_puck_B = torch.linalg.vector_norm(ee_B3 - place_BK[:, :3], dim=1)
        reward_B = torch.where(reached_B, 1.0, torch.where(left_B, -0.1, -0.1 * (to_goal_B + to_puck_B)))
        return reward_B.float(), left_B | reached_B, reached_B

    def expert(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """Behind the puck as seen from the goal, high up until there, then down, then towards the goal."""
        puck_B2, goal_B2, ee_B2 = place_BK[:, :2], place_BK[:, 3:5], ee_B3[:, :2]
        ahead_B2 = torch.nn.functional.normalize(goal_B2 - puck_B2, dim=1)
        behind_B2 = puck_B2 - ahead_B2 * (TOUCH + 0.02)
        offset_B2 = ee_B2 - puck_B2
        along_B1 = (offset_B2 * ahead_B2).sum(1, keepdim=True)
        aside_B1 = torch.linalg.vector_norm(offset_B2 - along_B1 * ahead_B2, dim=1, keepdim=True)
        low_B1 = ee_B3[:, 2:] < (PUSHING + TRAVELLING) / 2
        pushing_B1 = low_B1 & (along_B1 < 0) & (aside_B1 < 0.03)
        arrived_B1 = torch.linalg.vector_norm(ee_B2 - behind_B2, dim=1, keepdim=True) < 0.02
        # Up before over: a low end effector that is not behind the puck would knock it aside.
        up_B1 = low_B1 & ~pushing_B1 & ~arrived_B1
        aim_B2 = torch.where(pushing_B1, goal_B2 - ahead_B2 * TOUCH, torch.where(up_B1, ee_B2, behind_B2))
        aim_B3 = torch.cat((aim_B2, torch.where(pushing_B1 | arrived_B1, PUSHING, TRAVELLING)), 1)
        limit_B1 = torch.where(pushing_B1, PUSH / MAX_STEP, 1.0)
        action_B3 = (self.workspace.clamp(aim_B3, 0.02) - ee_B3) / MAX_STEP
        return torch.maximum(torch.minimum(action_B3, limit_B1), -limit_B1)

    def goals(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor]:
        """Achieved is where the puck is, desired where it is to go."""
        return place_BK[:, :3].clamp(-2, 2), place_BK[:, 3:].clamp(-2, 2)

    def goal_reward(self, achieved_B3: Tensor, desired_B3: Tensor) -> tuple[Tensor, Tensor]:
        """1 and the end where the puck is at the goal; the rest of the reward depends on the arm."""
        reached_B = torch.linalg.vector_norm(achieved_B3[:, :2] - desired_B3[:, :2], dim=1) < self.radius
        return reached_B.float(), reached_B

    def move(self, before_B3: Tensor, after_B3: Tensor, place_BK: Tensor, jaws_BJ: Tensor) -> Tensor:
        """Quasi-static: a low end effector that comes nearer than the two radii pushes the puck straight away."""
        puck_B2 = place_BK[:, :2]
        for i in range(1, SLICES + 1):
            ee_B3 = before_B3 + (after_B3 - before_B3) * (i / SLICES)
            offset_B2 = puck_B2 - ee_B3[:, :2]
            distance_B1 = torch.linalg.vector_norm(offset_B2, dim=1, keepdim=True).clamp(min=1e-6)
            beside_B1 = ee_B3[:, 2:] - TOOL_LENGTH < TABLE_TOP + PUCK.height
            depth_B1 = (TOUCH - distance_B1).clamp(min=0.0) * beside_B1
            puck_B2 = puck_B2 + offset_B2 / distance_B1 * depth_B1
        return torch.cat((puck_B2, place_BK[:, 2:]), 1)
