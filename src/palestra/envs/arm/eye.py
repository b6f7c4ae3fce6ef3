"""What the twin's cameras see, and the pictures seen before, which are kept once: as the last observation."""

from typing import Any

import torch
from torch import Tensor

from palestra.envs.arm import jaws, looks
from palestra.envs.arm.background import background
from palestra.envs.arm.camera import camera_pose
from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.raycast import render
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.scene import Cameras, Lights, Scene
from palestra.envs.arm.solids import PLINTH_GREY, Placed, place_blocks, place_plinth, place_puck, place_shapes
from palestra.envs.arm.state import ArmState
from palestra.envs.arm.task import Task
from palestra.envs.arm.tiles import to_tiles

SPECKS = 61
"""Pictures of noise that are drawn once and used in turns."""
PICTURES = 128
"""Pictures made at a time, so that their numbers stay in the processor's cache."""
COMPILE_AFTER = 20_000
"""Pictures after which it pays to compile. They are counted, and saved, so that a resumed run compiles where it did."""
LUMINANCE = (0.299, 0.587, 0.114)


class Eye:
    """The cameras of all copies, each with its own look.

    Args:
        robot: whose arms are seen, on the device of the pictures.
        task: whose object is seen, or the shapes in the state; and its jaws and plinth.
        level: how looks vary.
        size: rows and columns of a picture.
        stack: pictures seen at once.
    """

    def __init__(self, robot: Robot, task: Task, level: looks.Looks, size: int, stack: int) -> None:
        self._robot, self._task, self._level, self._size, self._stack = robot, task, level, size, stack
        self.device = robot.initial.device
        with torch.inference_mode(False):
            self._luminance = robot.capsule_colour @ torch.tensor(LUMINANCE, device=self.device) * 255
            specks = torch.randn(SPECKS, size, size, generator=torch.Generator().manual_seed(0))
            self._specks = specks.to(self.device)
        self._behind = self._specks  # set with the first state
        self._frames = self._specks  # likewise
        self._drawn = 0  # pictures since the last state that followed from nothing

    def see(self, state: ArmState) -> Tensor:
        """(B, stack, size, size) uint8: the picture of a state after those seen before."""
        picture = self._picture(state, self._behind)
        self._frames = torch.cat((self._frames[:, 1:], picture.unsqueeze(1)), 1)
        return self._frames

    def see_anew(self, state: ArmState) -> Tensor:
        """As :meth:`see`, of a state that follows from nothing: its picture is repeated."""
        self._drawn = 0
        self._behind = self.backgrounds(state)
        self._frames = self._repeated(self._picture(state, self._behind))
        return self._frames

    def see_begun(self, state: ArmState, frames: Tensor, begun: Tensor) -> Tensor:
        """``frames`` with new ones of the copies that have begun an episode, by their numbers or as a mask."""
        if begun.dtype == torch.bool:
            mask = begun[:, None, None]
            self._behind = torch.where(mask, self.backgrounds(state), self._behind)
            anew = self._repeated(self._picture(state, self._behind))
            self._frames = torch.where(mask.unsqueeze(1), anew, frames)
        else:
            first = state.rows(begun)
            behind = self.backgrounds(first)
            self._behind = self._behind.index_copy(0, begun, behind)
            self._frames = frames.index_copy(0, begun, self._repeated(self._picture(first, behind)))
        return self._frames

    def seen(self) -> dict[str, Any]:
        """The pictures seen, and how many were made."""
        return {"frames": self._frames.clone(), "drawn": self._drawn}

    def resume(self, state: ArmState, seen: dict[str, Any]) -> Tensor:
        """The pictures that were seen of a saved state."""
        self._behind = self.backgrounds(state)
        self._frames, self._drawn = seen["frames"].to(self.device, copy=True), seen["drawn"]
        return self._frames

    def in_size(self, state: ArmState, size: int) -> Tensor:
        """(B, size, size) uint8: what the cameras see, in another size, without noise."""
        return render(*self.scene(state), self.backgrounds(state, size), size)

    def scene(self, state: ArmState) -> tuple[Cameras, Lights, Scene]:
        """What the cameras see."""
        look, robot = looks.unpack(state.look), self._robot
        all_frames, radius = forward(robot, state.joints), robot.capsule_radius
        frames = all_frames[:, robot.capsule_link]
        ends = robot.capsule_ends @ frames[:, :, :3, :3].mT + frames[:, :, None, :3, 3]
        grey = self._luminance * look.arm_B8[:, robot.capsule_link.clamp_max(look.arm_B8.shape[1] - 1)]
        if self._task.grips:
            jaws_ends, jaws_radius = jaws.capsules(all_frames[:, -1], state.place[:, -4])
            ends, radius = torch.cat((ends, jaws_ends), 1), torch.cat((radius, jaws_radius))
            grey = torch.cat((grey, jaws.GREY * look.arm_B8[:, -1:].expand(-1, len(jaws_radius))), 1)
        placed, thing = self._placed(state), look.thing_B.unsqueeze(1)
        thing = thing.expand(placed.half_BS3.shape[:2])
        if self._task.plinth is not None:
            plinth = place_plinth(self._task.plinth, state.place[:, 3:5])
            placed = Placed(*(torch.cat(both, 1) for both in zip(placed, plinth)))
            thing = torch.cat((thing, torch.full_like(thing[:, :1], PLINTH_GREY)), 1)
        return *_cameras_and_lights(look), Scene(ends, radius, grey.clamp_max(255.0), *placed, thing)

    def _placed(self, state: ArmState) -> Placed:
        """The object."""
        at_B3, puck = state.place[:, :3], self._task.puck
        if self._task.grips:
            return place_blocks(state.place[:, -3:], state.shape, at_B3)
        return place_shapes(state.shape, at_B3) if puck is None else place_puck(puck.radius, puck.height, at_B3)

    def backgrounds(self, state: ArmState, size: int | None = None) -> Tensor:
        """Tiles (B, T, P) uint8 of the table and the floor; without their grain in another size than the pictures'."""
        size = self._size if size is None else size
        parts = []
        for rows in state.look.split(PICTURES // 4):
            look = looks.unpack(rows)
            cameras, lights = _cameras_and_lights(look)
            grey = background(cameras, lights, look.table_B, look.floor_B, size, look.wave_B3, look.stripes_B)
            if size == self._size:
                number = (look.wave_B3[:, 2] * SPECKS / 6.2832).long().clamp(0, SPECKS - 1)
                grey = grey + to_tiles(self._specks[number]) * look.grain_B[:, None, None]
            parts.append(grey.round_().clamp_(0, 255).to(torch.uint8))
        return torch.cat(parts)

    def _picture(self, state: ArmState, behind: Tensor) -> Tensor:
        """(B, size, size) uint8: what is seen in front of these backgrounds."""
        parts = []
        compiled = self._drawn >= COMPILE_AFTER
        for rows, tiles in zip(state.split(PICTURES), behind.split(PICTURES)):
            picture = render(*self.scene(rows), tiles, self._size, compiled)
            look = looks.unpack(rows.look)
            if self._level.blur[1] > 0:
                share = look.blur_B[:, None, None]
                around = torch.nn.functional.pad(picture.float().unsqueeze(1), (1, 1, 1, 1), "replicate").squeeze(1)
                sides = around[:, 1:-1, :-2] + around[:, 1:-1, 2:] + around[:, :-2, 1:-1] + around[:, 2:, 1:-1]
                picture = torch.lerp(around[:, 1:-1, 1:-1], sides / 4, share * 4)
            if self._level.noise[1] > 0:
                number = (torch.arange(len(tiles), device=self.device) + self._drawn) * 7 % SPECKS
                picture = torch.addcmul(picture.float(), self._specks[number], look.noise_B[:, None, None])
            if picture.is_floating_point():
                picture = picture.round_().clamp_(0, 255).to(torch.uint8)
            self._drawn += len(tiles)
            parts.append(picture)
        return torch.cat(parts) if len(parts) > 1 else parts[0].contiguous()

    def _repeated(self, picture: Tensor) -> Tensor:
        return picture.unsqueeze(1).repeat(1, self._stack, 1, 1)


def _cameras_and_lights(look: looks.Look) -> tuple[Cameras, Lights]:
    eye, axes = camera_pose(look.target_B3, look.distance_B, look.yaw_B, look.pitch_B)
    return Cameras(eye, axes, look.fov_B), Lights(look.light_B3, look.ambient_B, look.diffuse_B, look.specular_B)
