"""The arm's twin: the same tasks as in PyBullet, batched, without PyBullet, on CPU or accelerator.

The joints are where inverse kinematics wants them: the motion of PyBullet's motors without their small error. The
camera is :mod:`palestra.envs.arm.raycast`. An object is three solids, a body with two bars across, of the sizes of
PyBullet's random ones; it lies where the task says and moves only as the task moves it.

A row of the state tensor holds the joint angles, the task's place, the look (:mod:`palestra.envs.arm.looks`), the
object's shape, and the actions still under way. Pictures are kept once, as the last observation.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.arm import looks
from palestra.envs.arm.camera import NOTES_CAMERA, Camera, camera_pose
from palestra.envs.arm.gym_env import CONTROLS
from palestra.envs.arm.kinematics import forward, inverse
from palestra.envs.arm.raycast import Cameras, Light, Scene, background, render, to_tiles
from palestra.envs.arm.registration import MAX_EPISODE_STEPS, load_task
from palestra.envs.arm.robot import Robot, load_robot
from palestra.envs.arm.sim import object_urdfs
from palestra.envs.arm.task import (
    FRAME_STACK,
    IMAGE_SIZE,
    LATE_REWARD,
    MAX_STEP,
    TABLE_TOP,
    Task,
    view_space,
)
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.vector import Resumed, StepResult
from palestra.errors import PalestraError, UsageError, require, unknown_name

SOLIDS = 3
SHAPE_SIZE = SOLIDS * 9
"""Of each solid: turn about the vertical and about its own length (rad), place along the body (m), half extents (m),
weights of the quadric."""
SPECKS = 61
"""Pictures of noise that are drawn once and used in turns."""
PICTURES = 128
"""Pictures made at a time, so that their numbers stay in the processor's cache."""
COMPILE_AFTER = 20_000
"""Pictures after which it pays to compile. They are counted, and saved, so that a resumed run compiles where it did."""
LUMINANCE = (0.299, 0.587, 0.114)


class ArmTwin(TorchVectorEnv):
    """Many arms with one task, all seen in one view; see :class:`palestra.envs.arm.gym_env.ArmEnv` for the rules."""

    max_episode_steps: int

    def __init__(
        self,
        num_envs: int,
        device: str | torch.device = "cpu",
        *,
        task: str | Task = "reach",
        view: str = "state",
        frame_skip: int = 1,
        frame_stack: int = FRAME_STACK,
        image_size: int = IMAGE_SIZE,
        randomisation: str = "none",
        radius: float | None = None,
        camera: Camera = NOTES_CAMERA,
        robot: str | Robot = "kuka_iiwa",
        max_episode_steps: int = MAX_EPISODE_STEPS,
        objects: str = "train",
        control: str = "position",
    ) -> None:
        """Prepare the arms; ``reset`` starts them.

        Args:
            num_envs: how many.
            device: where the tensors live.
            task: "reach", "push", or a task of one's own.
            view: "state", "pixels" or "goal", as far as the task has it.
            frame_skip: how many times an action is executed in one step; the rewards are summed, and an end ends it.
            frame_stack: pictures seen at once, the last of as many steps, oldest first; repeated at the start.
            image_size: rows and columns of a picture.
            randomisation: level of domain randomisation, a name in :data:`palestra.envs.arm.looks.LEVELS`.
            radius: metres within which the task counts as done; the task's own if None.
            camera: which observes, before randomisation; its size is ``image_size``.
            robot: a robot's name, or a robot of one's own.
            max_episode_steps: the step limit.
            objects: which of PyBullet's objects; checked, but the twin's own shapes are the same for all.
            control: how PyBullet's joints move; checked, but the twin's are always where they are wanted.

        Raises UsageError for settings that cannot be had.
        """
        self.task = task if isinstance(task, Task) else load_task(task, radius)
        robot = load_robot(robot) if isinstance(robot, str) else robot
        space = view_space(self.task, view, image_size, frame_stack, robot.num_joints)
        if view == "pixels+proprio":
            raise UsageError(
                "view 'pixels+proprio' is two arrays, which this world does not show; expected 'state', 'pixels' or"
                " 'goal', or backend='sync' for PyBullet's world, which packs both"
            )
        require(frame_skip >= 1, f"frame_skip={frame_skip}", "at least 1")
        require(max_episode_steps >= 1, f"max_episode_steps={max_episode_steps}", "at least 1")
        object_urdfs(objects)
        if control not in CONTROLS:
            raise unknown_name("control", control, CONTROLS)
        flat = spaces.flatten_space(space)
        self.observation_space = space if isinstance(space, spaces.Box) else flat  # type: ignore[assignment]
        self.action_space = spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.max_episode_steps = max_episode_steps
        super().__init__(num_envs, device)
        self.view, self._frame_skip, self._frame_stack, self._size = view, frame_skip, frame_stack, image_size
        self._sees = view == "pixels"
        self._looks, self._camera = looks.level(randomisation), camera
        self.robot = robot.to(self.device)
        self._widths = [robot.num_joints, self.task.place_size, looks.LOOK_SIZE, SHAPE_SIZE, 3 * self._looks.latency]
        if view == "goal":
            self.goal = self.task.goal_spec()
        with torch.inference_mode(False):
            self._luminance = (robot.capsule_colour @ torch.tensor(LUMINANCE) * 255).to(self.device)
            specks = torch.randn(SPECKS, image_size, image_size, generator=torch.Generator().manual_seed(0))
            self._specks = specks.to(self.device)
            self.success = torch.zeros_like(self.never)
            """(num_envs,) bool: whose last step did what the task asks for."""
            self.distance = torch.zeros(num_envs, device=self.device)
            """(num_envs,): how far the task was from being done after the last step, before any new start."""
        self._behind = self._specks  # set with the first state
        self._stack: Tensor | None = None
        self._drawn = 0  # pictures since the last reset

    def expert(self) -> Tensor:
        """(num_envs, 3): the action of somebody who knows the present state."""
        joints, place, *_ = self._present().split(self._widths, 1)
        return self.task.expert(self._end(joints), place)

    def initial_state(self, num: int) -> Tensor:
        """The arm as in the notes, the task's places, a look and a shape."""
        place = self.task.sample(num, self.generator)
        look = looks.draw(self._looks, self._camera, num, self.generator)
        shape, height = self._shapes(num, looks.unpack(look).size_B)
        if self.task.puck is None:
            place = torch.cat((place[:, :2], TABLE_TOP + height.unsqueeze(1), place[:, 3:]), 1)
        late = torch.zeros(num, 3 * self._looks.latency, device=self.device)
        return torch.cat((self.robot.initial.expand(num, -1), place, look, shape, late), 1)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Execute the action, or with latency an earlier one, ``frame_skip`` times or until the episode ends."""
        if self._can_look and not bool(torch.isfinite(action).all()):
            raise UsageError("an action that is not finite; expected three numbers in [-1, 1] for each arm")
        joints, place, look, shape, late = state.split(self._widths, 1)
        action = action.clamp(-1.0, 1.0)
        if late.shape[1]:
            under_way = torch.cat((action, late), 1)
            first = looks.unpack(look).latency_B.long().unsqueeze(1) * 3 + torch.arange(3, device=self.device)
            action, late = under_way.gather(1, first), under_way[:, :-3]
        end = self._end(joints)
        reward, terminated, success = torch.zeros_like(self.distance), self.never, self.never
        for i in range(self._frame_skip):
            next_joints = inverse(self.robot, joints, end + MAX_STEP * action)
            next_end = self._end(next_joints)
            next_place = self.task.move(end, next_end, place)
            if i > 0:  # an arm whose episode has ended stays
                over = terminated.unsqueeze(1)
                next_joints, next_end = torch.where(over, joints, next_joints), torch.where(over, end, next_end)
                next_place = torch.where(over, place, next_place)
            joints, end, place = next_joints, next_end, next_place
            gained, ended, done = self.task.reward_and_end(end, place)
            reward = reward + gained.masked_fill(terminated, 0.0)
            terminated, success = ended, done
        self.success, self.distance = success, self.task.distance(end, place)
        return torch.cat((joints, place, look, shape, late), 1), reward, terminated

    def step(self, action: Tensor) -> StepResult:
        """Step every arm; see :meth:`palestra.envs.vector.VectorEnv.step`. To be cut at the step limit costs 0.1."""
        result = super().step(action)
        if result.truncated is self.never:
            return result
        return result._replace(reward=result.reward + LATE_REWARD * result.truncated)

    def observe(self, state: Tensor) -> Tensor:
        """What is seen of a state, in this environment's view; a picture comes after those seen before."""
        if self._sees:
            picture = self._picture(state, self._behind)
            if self._stack is None:
                self._stack = self._repeated(picture)
            else:
                self._stack = torch.cat((self._stack[:, 1:], picture.unsqueeze(1)), 1)
            return self._stack
        joints, place, *_ = state.split(self._widths, 1)
        end = self._end(joints)
        if self.view == "state":
            return self.task.state(joints, end, place)
        return torch.cat((*self.task.goals(end, place), self.task.proprio(joints, end)), 1)

    def observe_begun(self, state: Tensor, obs: Tensor, begun: Tensor) -> Tensor:
        """As ``observe``; pictures are made of those only that have begun."""
        if not self._sees:
            return self.observe(state)
        if begun.dtype == torch.bool:
            mask = begun[:, None, None]
            self._behind = torch.where(mask, self._backgrounds(state), self._behind)
            picture = self._repeated(self._picture(state, self._behind))
            self._stack = torch.where(mask.unsqueeze(1), picture, obs)
        else:
            behind = self._backgrounds(state[begun])
            self._behind = self._behind.index_copy(0, begun, behind)
            self._stack = obs.index_copy(0, begun, self._repeated(self._picture(state[begun], behind)))
        return self._stack

    def state_dict(self) -> dict[str, Any]:
        """What every batched environment saves, and the pictures seen."""
        saved = super().state_dict()
        if self._stack is not None:
            with torch.inference_mode(False):
                saved |= {"frames": self._stack.clone(), "drawn": self._drawn}
        return saved

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue bit-identically where ``state_dict`` was taken, on the same kind of device."""
        resumed = super().load_state_dict(state)
        if not self._sees:
            return resumed
        self._stack, self._drawn = state["frames"].to(self.device, copy=True), state["drawn"]
        return resumed._replace(obs=self._stack)

    def arrange(self, joints: Tensor, place: Tensor) -> Tensor:
        """Begin an episode with joints (num_envs, 7) and places (num_envs, place_size) as told, looks and shapes drawn.

        Returns its observation. The environment has to have been started once, by ``reset``.
        """
        self._present()
        drawn = self.initial_state(self.num_envs).split(self._widths, 1)
        return self.set_state(torch.cat((joints.clamp(self.robot.lower, self.robot.upper), place, *drawn[2:]), 1))

    def pictures(self, size: int) -> Tensor:
        """(num_envs, size, size) uint8: what the camera sees of the present state, in another size, without noise."""
        state = self._present()
        return render(*self._scene(state), self._backgrounds(state, size), size)

    def _restore(self, state: Tensor, elapsed: Tensor) -> None:
        super()._restore(state, elapsed)
        self._stack, self._drawn = None, 0
        if self._sees:
            self._behind = self._backgrounds(state)

    def _present(self) -> Tensor:
        if self._state is None:
            raise PalestraError("the environment was looked at before it was started; call reset(seed) first")
        return self._state

    def _end(self, joints: Tensor) -> Tensor:
        return forward(self.robot, joints)[:, -1, :3, 3]

    def _repeated(self, picture: Tensor) -> Tensor:
        return picture.unsqueeze(1).repeat(1, self._frame_stack, 1, 1)

    def _shapes(self, num: int, size_B: Tensor) -> tuple[Tensor, Tensor]:
        """Random objects (num, SHAPE_SIZE), and the height of their middle above the table (num,).

        The ranges are those of PyBullet's random objects, which cover 19 to 91 pixels in the notes' camera.
        """
        uniform = torch.rand(num, SOLIDS, 9, generator=self.generator, device=self.device)
        kind, turn, tilt, along, *extent = uniform.unbind(2)
        low = uniform.new_tensor([[0.033, 0.012, 0.012], [0.006, 0.020, 0.006], [0.006, 0.020, 0.006]])
        high = uniform.new_tensor([[0.058, 0.026, 0.022], [0.019, 0.055, 0.017], [0.019, 0.055, 0.017]])
        half = (low + (high - low) * torch.stack(extent[:3], 2)) * size_B[:, None, None]
        half[:, 2] *= torch.where(extent[3][:, 2:] < 0.6, 1.0, 0.1)  # two of five have one bar only
        body = 2 * torch.pi * turn[:, :1]
        turns = torch.cat((body, body + 0.7 * (turn[:, 1:] - 0.5)), 1)
        tilts = torch.cat((torch.zeros_like(body), 1.6 * (tilt[:, 1:] - 0.5)), 1)
        places = torch.cat((torch.zeros_like(body), half[:, :1, 0] * (2 * along[:, 1:] - 1)), 1)
        # A third each of cuboids, cylinders with their length along the first axis, and ellipsoids.
        kinds = uniform.new_tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])[(kind * 3).long().clamp_max(2)]
        shape = torch.cat((torch.stack((turns, tilts, places), 2), half, kinds), 2).flatten(1)
        return shape, half[:, 0, 2] + 0.024 * extent[4][:, 0]

    def _scene(self, state: Tensor) -> tuple[Cameras, Light, Scene]:
        """What the camera sees of rows of the state."""
        joints, place, rows, shape, _ = state.split(self._widths, 1)
        look = looks.unpack(rows)
        num = len(state)
        robot = self.robot
        frames = forward(robot, joints)[:, robot.capsule_link]
        ends = robot.capsule_ends @ frames[:, :, :3, :3].mT + frames[:, :, None, :3, 3]
        grey = self._luminance * look.arm_B8[:, robot.capsule_link.clamp_max(look.arm_B8.shape[1] - 1)]
        if self.task.puck is None:
            turns, tilts, places, half, weights = shape.view(num, SOLIDS, 9).split([1, 1, 1, 3, 3], 2)
            ct, st, ci, si = turns.cos(), turns.sin(), tilts.cos(), tilts.sin()
            axes = torch.stack((
                torch.cat((ct, st, torch.zeros_like(ct)), 2),
                torch.cat((-st * ci, ct * ci, si), 2),
                torch.cat((st * si, -ct * si, ci), 2),
            ), 3)  # fmt: skip
            centre = place[:, None, :3] + places * axes[:, :1, :, 0]
        else:
            puck = place.new_tensor([self.task.puck.radius, self.task.puck.radius, self.task.puck.height / 2])
            half, weights = puck.expand(num, 1, 3), place.new_tensor([1.0, 1.0, 0.0]).expand(num, 1, 3)
            axes, centre = torch.eye(3, device=self.device).expand(num, 1, 3, 3), place[:, None, :3]
        thing = look.thing_B.unsqueeze(1).expand(num, half.shape[1])
        scene = Scene(ends, robot.capsule_radius, grey.clamp_max(255.0), centre, axes, half, weights, thing)
        return *_camera_and_light(look), scene

    def _backgrounds(self, state: Tensor, size: int | None = None) -> Tensor:
        """Tiles (B, T, P) uint8 of the table and the floor, in the looks of rows of the state."""
        size = self._size if size is None else size
        parts = []
        for rows in state.split(self._widths, 1)[2].split(PICTURES // 4):
            look = looks.unpack(rows)
            cameras, light = _camera_and_light(look)
            grey = background(cameras, light, look.table_B, look.floor_B, size, look.wave_B3, look.stripes_B)
            if size == self._size:
                number = (look.wave_B3[:, 2] * SPECKS / 6.2832).long().clamp(0, SPECKS - 1)
                grey = grey + to_tiles(self._specks[number]) * look.grain_B[:, None, None]
            parts.append(grey.round_().clamp_(0, 255).to(torch.uint8))
        return torch.cat(parts)

    def _picture(self, state: Tensor, behind: Tensor) -> Tensor:
        """(B, size, size) uint8: what the camera sees of rows of the state."""
        parts = []
        compiled = self._drawn >= COMPILE_AFTER
        for rows, tiles in zip(state.split(PICTURES), behind.split(PICTURES)):
            picture = render(*self._scene(rows), tiles, self._size, compiled)
            look = looks.unpack(rows.split(self._widths, 1)[2])
            if self._looks.blur[1] > 0:
                share = look.blur_B[:, None, None]
                around = torch.nn.functional.pad(picture.float().unsqueeze(1), (1, 1, 1, 1), "replicate").squeeze(1)
                sides = around[:, 1:-1, :-2] + around[:, 1:-1, 2:] + around[:, :-2, 1:-1] + around[:, 2:, 1:-1]
                picture = torch.lerp(around[:, 1:-1, 1:-1], sides / 4, share * 4)
            if self._looks.noise[1] > 0:
                number = (torch.arange(len(rows), device=self.device) + self._drawn) * 7 % SPECKS
                picture = torch.addcmul(picture.float(), self._specks[number], look.noise_B[:, None, None])
            if picture.is_floating_point():
                picture = picture.round_().clamp_(0, 255).to(torch.uint8)
            self._drawn += len(rows)
            parts.append(picture)
        return torch.cat(parts) if len(parts) > 1 else parts[0].contiguous()


def _camera_and_light(look: looks.Look) -> tuple[Cameras, Light]:
    eye, axes = camera_pose(look.target_B3, look.distance_B, look.yaw_B, look.pitch_B)
    return Cameras(eye, axes, look.fov_B), Light(look.light_B3, look.ambient_B, look.diffuse_B, look.specular_B)
