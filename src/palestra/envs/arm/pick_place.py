"""Pick and place: grip a block, lift it, put it on a plinth and let go.

+1 where the block is within 0.03 m of its place on the plinth and the jaws have let go of it (the episode ends), -0.1
where the block is lost (ends), -0.1 at the step limit (cut), else 0. That is as sparse as the reward of Fetch's pick
and place (Plappert et al. 2018, https://arxiv.org/abs/1802.09464), which asks for no letting go, and half of whose
places are in the air. As there, an end effector at the edge of its workspace stays inside, and nothing ends.

A place is the block's middle (3), where it is to be (3), the opening of the jaws and the block's half extents (3).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from palestra.envs.arm.blocks import LEAST_HALF, MOST_HALF
from palestra.envs.arm.jaws import FINGER_HALF, GRIP, OPENING, TIP, WIDEST, grip_point
from palestra.envs.arm.task import MAX_STEP, TABLE_TOP, Plinth, Task, Workspace
from palestra.errors import require

AREA_LOW, AREA_HIGH = (0.47, -0.18), (0.64, 0.18)
"""Block and plinth stand in this rectangle, where the arm reaches with the gripper down."""
APART = 0.16
"""Metres between them at least, so that the open jaws fit between."""
PLINTH = Plinth(half=0.045, height=0.06)
LOST_LOW, LOST_HIGH = (0.3, -0.35, -0.1), (0.8, 0.35, 0.6)
"""A block outside is lost: the arm does not reach it, or it has left the table."""
FREE = 0.006
"""Jaws that are wider than the block by more hold nothing."""
WORKSPACE = Workspace((0.43, -0.24, TABLE_TOP + GRIP + TIP + 0.004), (0.68, 0.24, 0.5))
"""Where the arm reaches with the gripper down, its tips at least 4 mm above the table."""
CENTRED = 0.6
"""Share of the block's half depth within which the twin's pads hold it; farther out it slips from them."""
OVERLAP = 0.008
"""Metres of the block's height that the pads have to cover."""
SLICES = 4
"""Pieces of one movement within which the twin's jaws push what they touch."""
CLEAR, ABOVE = 0.05, 0.075
"""The expert carries the block that far above its place, and goes to it that far above its middle."""
CARRYING = 0.6
"""Share of a whole step with which the expert moves what it holds."""


@dataclass(frozen=True)
class PickPlace(Task):
    """The task that needs a gripper."""

    name: ClassVar[str] = "pick-place"
    place_size: ClassVar[int] = 10
    goal_size: ClassVar[int] = 4
    grips: ClassVar[bool] = True
    plinth: ClassVar[Plinth | None] = PLINTH

    radius: float = 0.03
    """Metres from its place within which the block counts as put."""
    workspace: Workspace = WORKSPACE
    """Of the flange."""

    def __post_init__(self) -> None:
        require(self.radius > 0, f"radius={self.radius}", "a positive distance")

    def sample(self, num: int, generator: Generator) -> Tensor:
        """Block and plinth uniform in the area; a plinth that is too near goes to the other side. The jaws are open."""
        uniform = torch.rand(num, 7, generator=generator, device=generator.device)
        low_2, high_2 = uniform.new_tensor(AREA_LOW), uniform.new_tensor(AREA_HIGH)
        block_B2, plinth_B2 = (low_2 + (high_2 - low_2) * uniform[:, :4].view(num, 2, 2)).unbind(1)
        near_B1 = torch.linalg.vector_norm(block_B2 - plinth_B2, dim=1, keepdim=True) < APART
        aside_B1 = torch.where(block_B2[:, 1:] > 0, -AREA_HIGH[1], AREA_HIGH[1])
        other_B2 = torch.cat((plinth_B2[:, :1], block_B2[:, 1:] + aside_B1), 1)
        plinth_B2 = torch.where(near_B1, other_B2, plinth_B2)
        least_3, most_3 = uniform.new_tensor(LEAST_HALF), uniform.new_tensor(MOST_HALF)
        zero_B1 = uniform.new_zeros(num, 1)
        place = torch.cat((block_B2, zero_B1, plinth_B2, zero_B1, zero_B1 + WIDEST, zero_B1.expand(-1, 3)), 1)
        return self.fit(place, least_3 + (most_3 - least_3) * uniform[:, 4:])

    def fit(self, place_BK: Tensor, half_B3: Tensor) -> Tensor:
        """The same places for blocks of these half extents: one on the table, and where it stands on the plinth."""
        height_B1 = TABLE_TOP + half_B3[:, 2:]
        at = (place_BK[:, :2], height_B1, place_BK[:, 3:5], height_B1 + PLINTH.height, place_BK[:, 6:7], half_B3)
        return torch.cat(at, 1)

    def limit(self, aim_B3: Tensor) -> Tensor:
        """Within the workspace."""
        return self.workspace.clamp(aim_B3)

    def distance(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B,) from the block to where it is to be."""
        distance_B: Tensor = torch.linalg.vector_norm(place_BK[:, :3] - place_BK[:, 3:6], dim=1)
        return distance_B

    def held(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """(B,) bool: whether the block is between the jaws, and they are no wider than it."""
        offset_B3, half_B3 = (place_BK[:, :3] - grip_point(ee_B3)).abs(), place_BK[:, 7:]
        deep_B = _depth(ee_B3, place_BK) > 0.9 * OVERLAP
        return deep_B & (offset_B3[:, :2] < half_B3[:, :2]).all(1) & (place_BK[:, 6] < 2 * half_B3[:, 1] + FREE)

    def reward_and_end(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As the module says, and as the goals say."""
        achieved_B4, desired_B4 = self.goals(ee_B3, place_BK)
        reward_B, terminated_B = self.goal_reward(achieved_B4, desired_B4)
        return reward_B, terminated_B, reward_B > 0

    def goals(self, ee_B3: Tensor, place_BK: Tensor) -> tuple[Tensor, Tensor]:
        """Achieved (B, 4) is where the block is, and 1 where it is held, else 0; desired its place, and 0."""
        held_B1 = self.held(ee_B3, place_BK).to(place_BK.dtype).unsqueeze(1)
        achieved = torch.cat((place_BK[:, :3].clamp(-2, 2), held_B1), 1)
        return achieved, torch.cat((place_BK[:, 3:6].clamp(-2, 2), torch.zeros_like(held_B1)), 1)

    def goal_reward(self, achieved_B3: Tensor, desired_B3: Tensor) -> tuple[Tensor, Tensor]:
        """1 where the block is near its place and held or let go as desired, -0.1 where it is lost."""
        low_3, high_3 = achieved_B3.new_tensor(LOST_LOW), achieved_B3.new_tensor(LOST_HIGH)
        lost_B = ((achieved_B3[:, :3] < low_3) | (achieved_B3[:, :3] > high_3)).any(1)
        away_B = torch.linalg.vector_norm(achieved_B3[:, :3] - desired_B3[:, :3], dim=1)
        alike_B = (achieved_B3[:, 3] > 0.5) == (desired_B3[:, 3] > 0.5)
        reached_B = (away_B < self.radius) & alike_B & ~lost_B
        return reached_B.float() - 0.1 * lost_B.float(), lost_B | reached_B

    def expert(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """Above the block, down, close; up, across, down, open: which of them is read off the state alone."""
        block_B3, place_B3, opening_B1, half_B3 = place_BK.split([3, 3, 1, 3], 1)
        grip_B3 = grip_point(ee_B3)
        to_block_B3, to_place_B3 = block_B3 - grip_B3, place_B3 - block_B3
        beside_B1 = to_block_B3[:, :2].abs().amax(1, keepdim=True)
        around_B1 = (beside_B1 < 0.012) & (to_block_B3[:, 2:].abs() < 0.015)
        held_B1 = around_B1 & (opening_B1 < 2 * half_B3[:, 1:2] + FREE / 2)
        over_B1 = torch.linalg.vector_norm(to_place_B3[:, :2], dim=1, keepdim=True) < 0.012
        put_B1 = around_B1 & over_B1 & (to_place_B3[:, 2:] > -0.01)
        high_B1 = to_place_B3[:, 2:] < -0.6 * CLEAR

        # With empty jaws: above the block, which they pass at any height that is above all, then down around it.
        above_B1 = torch.maximum(to_block_B3[:, 2:] + ABOVE, TABLE_TOP + PLINTH.height + TIP + 0.02 - grip_B3[:, 2:])
        down_B1 = torch.where(beside_B1 < 0.01, to_block_B3[:, 2:], above_B1)
        fetch_B3 = torch.cat((to_block_B3[:, :2], down_B1), 1)
        fetch_B3 = torch.where(around_B1, torch.zeros_like(fetch_B3), fetch_B3)
        # With the block: up, across at that height, down to the plinth.
        clear_B1 = to_place_B3[:, 2:] + CLEAR
        across_B2 = torch.where(high_B1 | over_B1, to_place_B3[:, :2], torch.zeros_like(to_place_B3[:, :2]))
        carry_B3 = torch.cat((across_B2, torch.where(over_B1, to_place_B3[:, 2:], clear_B1)), 1)
        carry_B3 = torch.where(put_B1, torch.zeros_like(carry_B3), carry_B3)
        move_B3 = torch.where(held_B1, carry_B3.clamp(-CARRYING * MAX_STEP, CARRYING * MAX_STEP), fetch_B3)
        jaws_B1 = torch.where(around_B1 & ~put_B1, -1.0, 1.0).to(move_B3.dtype)
        return torch.cat(((self.limit(ee_B3 + move_B3) - ee_B3) / MAX_STEP, jaws_B1), 1).clamp(-1.0, 1.0)

    def move(self, before_B3: Tensor, after_B3: Tensor, place_BK: Tensor, jaws_B1: Tensor) -> Tensor:
        """A simple law of grasping, in the place of contacts.

        A block that is held goes where the gripper goes, until the jaws are told to be wider than it. Jaws that close
        around a block hold it, and bring it to their middle, if they cover enough of its height and it is centred
        between the pads; if it is not, it slips out of them sideways. A finger pushes what it runs into. A block that
        nothing holds falls to what is below it, the plinth or the table, within the step.
        """
        block_B3, place_B3, opening_B1, half_B3 = place_BK.split([3, 3, 1, 3], 1)
        width_B1, wanted_B1 = 2 * half_B3[:, 1:2], (jaws_B1 + 1) / 2 * WIDEST
        free_B1 = opening_B1 + (wanted_B1 - opening_B1).clamp(-OPENING, OPENING)
        kept_B1 = self.held(before_B3, place_BK).unsqueeze(1) & (wanted_B1 <= width_B1 + FREE)

        pushed_B2 = block_B3[:, :2]
        for i in range(1, SLICES + 1):
            ee_B3 = before_B3 + (after_B3 - before_B3) * (i / SLICES)
            now = torch.cat((pushed_B2, place_BK[:, 2:]), 1)
            low_B1 = (_depth(ee_B3, now) > 0).unsqueeze(1)
            pushed_B2 = torch.where(low_B1, _pushed(pushed_B2, grip_point(ee_B3), half_B3, opening_B1), pushed_B2)
        carried_B3 = block_B3 + after_B3 - before_B3
        block_B3 = torch.where(kept_B1, carried_B3, torch.cat((pushed_B2, block_B3[:, 2:]), 1))

        grip_B3 = grip_point(after_B3)
        offset_B3 = block_B3 - grip_B3
        between_B1 = offset_B3[:, 1:2].abs() + half_B3[:, 1:2] <= opening_B1 / 2
        covered_B = _depth(after_B3, torch.cat((block_B3, place_BK[:, 3:]), 1)) > OVERLAP
        closes_B1 = ~kept_B1 & between_B1 & covered_B.unsqueeze(1) & (free_B1 <= width_B1)
        reach_B1 = half_B3[:, :1] + FINGER_HALF[1]
        centred_B1 = offset_B3[:, :1].abs() <= CENTRED * half_B3[:, :1]
        taken_B1, slips_B1 = closes_B1 & centred_B1, closes_B1 & ~centred_B1 & (offset_B3[:, :1].abs() < reach_B1)
        x_B1 = torch.where(slips_B1, grip_B3[:, :1] + reach_B1 * offset_B3[:, :1].sign(), block_B3[:, :1])
        y_B1 = torch.where(taken_B1, grip_B3[:, 1:2], block_B3[:, 1:2])

        off_B2 = (torch.cat((x_B1, y_B1), 1) - place_B3[:, :2]).abs()
        bottom_B1 = block_B3[:, 2:] - half_B3[:, 2:]
        on_B1 = (off_B2 <= PLINTH.half).all(1, keepdim=True) & (bottom_B1 > TABLE_TOP + PLINTH.height - 0.01)
        rest_B1 = TABLE_TOP + PLINTH.height * on_B1 + half_B3[:, 2:]
        z_B1 = torch.where(kept_B1 | taken_B1, block_B3[:, 2:], rest_B1)
        opening_B1 = torch.where(kept_B1 | taken_B1, width_B1, free_B1)
        return torch.cat((x_B1, y_B1, z_B1, place_B3, opening_B1, half_B3), 1)

    def state_features(self, ee_B3: Tensor, place_BK: Tensor) -> Tensor:
        """The end effector, the place, and, in steps of 0.1 m: to the block, from it to its place, room in the jaws."""
        to_block_B3, to_place_B3 = place_BK[:, :3] - grip_point(ee_B3), place_BK[:, 3:6] - place_BK[:, :3]
        room_B1 = place_BK[:, 6:7] - 2 * place_BK[:, 8:9]
        return torch.cat((ee_B3, place_BK, torch.cat((to_block_B3, to_place_B3, room_B1), 1) / MAX_STEP), 1)


def _depth(ee_B3: Tensor, place_BK: Tensor) -> Tensor:
    """(B,) metres of the block's height that the fingers cover, or less than 0."""
    tip_B = grip_point(ee_B3)[:, 2] - TIP
    return place_BK[:, 2] + place_BK[:, 9] - tip_B


def _pushed(block_B2: Tensor, grip_B3: Tensor, half_B3: Tensor, opening_B1: Tensor) -> Tensor:
    """Blocks (B, 2) moved out of either finger, the shorter way."""
    for side in (-1, 1):
        middle_B1 = grip_B3[:, 1:2] + side * (opening_B1 / 2 + FINGER_HALF[0])
        offset_B2 = block_B2 - torch.cat((grip_B3[:, :1], middle_B1), 1)
        inside_B2 = half_B3[:, :2] + half_B3.new_tensor((FINGER_HALF[1], FINGER_HALF[0])) - offset_B2.abs()
        touched_B1 = (inside_B2 > 0).all(1, keepdim=True)
        shorter_B2 = inside_B2 <= inside_B2.flip(1)
        away_B2 = torch.where(offset_B2 < 0, -inside_B2, inside_B2)
        block_B2 = block_B2 + torch.where(touched_B1 & shorter_B2, away_B2, torch.zeros_like(away_B2))
    return block_B2
