"""The arm's twin: the same tasks as in PyBullet, batched, without PyBullet, on CPU or accelerator.

The joints are where inverse kinematics wants them: the motion of PyBullet's motors without their small error; or they
follow late, as :mod:`palestra.envs.arm.drive` says. The camera is :mod:`palestra.envs.arm.raycast`. An object is three
solids (:mod:`palestra.envs.arm.solids`); it lies where the task says and moves only as the task moves it.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.arm import drive as drives
from palestra.envs.arm import looks
from palestra.envs.arm.catalogue import MAX_EPISODE_STEPS
from palestra.envs.arm.drive import AUTOMATIC, Drive
from palestra.envs.arm.eye import Eye
from palestra.envs.arm.growth import Growth
from palestra.envs.arm.kinematics import forward, inverse
from palestra.envs.arm.settings import DEFAULTS, ArmSettings
from palestra.envs.arm.solids import SHAPE_SIZE, draw_shapes
from palestra.envs.arm.state import ArmState
from palestra.envs.arm.task import LATE_REWARD, MAX_STEP, TABLE_TOP
from palestra.envs.dynamics import Dynamics
from palestra.errors import UsageError, require


class ArmTwin(Dynamics):
    """Many arms with one task, all seen in one view; see :class:`palestra.envs.arm.gym_env.ArmEnv` for the rules.

    Args:
        num_envs: how many.
        device: where the tensors live.
        settings: of both worlds. UsageError for those that cannot be had.
        max_episode_steps: the step limit, at which an episode that is cut costs 0.1.
    """

    late_reward = LATE_REWARD

    def __init__(
        self,
        num_envs: int,
        device: str | torch.device = "cpu",
        settings: ArmSettings = DEFAULTS,
        max_episode_steps: int = MAX_EPISODE_STEPS,
    ) -> None:
        grown = {"look": settings.randomisation == AUTOMATIC, "drive": settings.drive == AUTOMATIC}
        require(
            torch.device(device).type == "cpu" or not any(grown.values()), f"a level that is automatic, on {device}",
            "device='cpu', where an episode's end is seen when it comes; or a level by its name",
        )  # fmt: skip
        super().__init__(num_envs, device)
        self.task, robot = settings.make_task(), settings.make_robot()
        space = settings.space(self.task, robot)
        if settings.view == "pixels+proprio":
            raise UsageError(
                "view 'pixels+proprio' is two arrays, which this world does not show; expected 'state', 'pixels' or"
                " 'goal', or backend='sync' for PyBullet's world, which packs both"
            )
        require(max_episode_steps >= 1, f"max_episode_steps={max_episode_steps}", "at least 1")
        self.shown = space
        flat = spaces.flatten_space(space)
        self.observation_space = space if isinstance(space, spaces.Box) else flat  # type: ignore[assignment]
        self.action_space = spaces.Box(-1.0, 1.0, (self.task.action_size,), np.float32)
        self.max_episode_steps = max_episode_steps
        self.view, self._frame_skip = settings.view, settings.frame_skip
        self._looks = looks.level("none" if settings.randomisation == AUTOMATIC else settings.randomisation)
        self._camera, self._drive = settings.camera, drives.drive_level(settings.drive)
        drives.check_fit(self._drive, robot.num_joints)
        self._exact = drives.is_exact(settings.drive)
        self.growth: Growth | None = None
        """Of levels that are "automatic"."""
        if any(grown.values()):
            self.growth = Growth([of for of, grows in grown.items() if grows])
        self._grown = grown
        self.robot = robot.to(self.device)
        late = self._looks.latency + (self._drive.latency if isinstance(self._drive, Drive) else 0)
        joints = 0 if self._exact else robot.num_joints
        size = self.task.action_size
        self._widths = [
            robot.num_joints, self.task.place_size, looks.LOOK_SIZE, SHAPE_SIZE, size * late, joints, 2 * joints,
            int(self.growth is not None),
        ]  # fmt: skip
        self.eye: Eye | None = None
        """Of the view "pixels"."""
        if self.view == "pixels":
            widest = looks.level("high") if grown["look"] else self._looks
            self.eye = Eye(self.robot, self.task, widest, settings.image_size, settings.frame_stack)
        if self.view == "goal":
            self.goal = self.task.goal_spec()
        with torch.inference_mode(False):
            self.success = torch.zeros_like(self.never)
            """(num_envs,) bool: whose last step did what the task asks for."""
            self._probe = self.never
            self.distance = torch.zeros(num_envs, device=self.device)
            """(num_envs,): how far the task was from being done after the last step, before any new start."""

    def parts(self, state: Tensor) -> ArmState:
        """The named parts of rows of the state."""
        return ArmState(*state.split(self._widths, 1))

    @property
    def own_observation_space(self) -> gym.Space[Any]:
        """A Dict of achieved and desired goal beside the rest, in the view of goals."""
        return self.shown

    def initial_state(self, num: int) -> Tensor:
        """The arm as in the notes, the task's places, a look and a shape; what has grown begins anew."""
        if self.growth is not None:
            self.growth.reset()
        return self._drawn(num)

    def begin(self, begun: Tensor) -> Tensor:
        """As ``initial_state``, of copies whose episodes have ended, from which what is automatic has learned."""
        if self.growth is not None:
            self.growth.judge(self._probe[begun], self.success[begun])
        return self._drawn(begun.numel())

    def arranged(self, joints: Tensor, place: Tensor) -> Tensor:
        """States with joints (num_envs, 7) and places (num_envs, place_size) as told, looks and shapes drawn."""
        drawn = self.parts(self._drawn(self.num_envs))
        joints = joints.clamp(self.robot.lower, self.robot.upper)
        command = drawn.command if self._exact else joints
        return drawn._replace(joints=joints, place=place, command=command).packed()

    def _drawn(self, num: int) -> Tensor:
        place = self.task.sample(num, self.generator)
        look, drive, probe = self._varied(num)
        shape, height = draw_shapes(looks.unpack(look).size_B, self.generator)
        if self.task.puck is None and not self.task.grips:
            place = torch.cat((place[:, :2], TABLE_TOP + height.unsqueeze(1), place[:, 3:]), 1)
        late = torch.zeros(num, self._widths[4], device=self.device)
        joints = self.robot.initial.expand(num, -1)
        return ArmState(joints, place, look, shape, late, joints[:, : self._widths[5]], drive, probe).packed()

    def _varied(self, num: int) -> tuple[Tensor, Tensor, Tensor]:
        """Looks, drives and the boundaries that are tried (num, widths), which tell what is random of an episode."""
        generator, joints = self.generator, self.robot.num_joints
        none = torch.zeros(num, 0, device=self.device)
        if self.growth is None:
            look = looks.draw(self._looks, self._camera, num, generator)
            return look, none if self._exact else drives.draw(self._drive, num, joints, generator), none
        growth, probe = self.growth, self.growth.choose(num, generator)
        look_BL = torch.rand(num, looks.LOOK_SIZE, generator=generator)
        ranges = growth.looks() if self._grown["look"] else self._looks
        look = looks.drawn(ranges, self._camera, growth.placed("look", look_BL, probe))
        drive = none
        if self._grown["drive"]:
            drive_BK = torch.rand(num, 1 + joints, generator=generator)
            drive = torch.cat(drives.drawn(growth.drives(), growth.placed("drive", drive_BK, probe)), 1)
        elif not self._exact:
            drive = drives.draw(self._drive, num, joints, generator)
        return look, drive, probe.unsqueeze(1).float()

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Execute the action, or with latency an earlier one, ``frame_skip`` times or until the episode ends."""
        # Reading a value would make an accelerator wait.
        if self.device.type == "cpu" and not bool(torch.isfinite(action).all()):
            raise UsageError("an action that is not finite; expected numbers in [-1, 1] for each arm")
        joints, place, look, shape, late, command, drive, probe = self.parts(state)
        action = action.clamp(-1.0, 1.0)
        if late.shape[1]:
            under_way = torch.cat((action, late), 1)
            by = self._drive.latency if isinstance(self._drive, Drive) else 0
            size = action.shape[1]
            late_B = looks.unpack(look).latency_B.long() + by
            first = late_B.unsqueeze(1) * size + torch.arange(size, device=self.device)
            action, late = under_way.gather(1, first), under_way[:, :-size]
        end = self._end(joints)
        reward, terminated, success = torch.zeros_like(self.distance), self.never, self.never
        for i in range(self._frame_skip):
            if self._exact:
                next_joints = inverse(self.robot, joints, self.task.limit(end + MAX_STEP * action[:, :3]))
            else:
                told = inverse(self.robot, command, self.task.limit(self._end(command) + MAX_STEP * action[:, :3]))
                next_joints = drives.follow(joints, command, told, *drive.chunk(2, 1))
                next_joints, command = next_joints.clamp(self.robot.lower, self.robot.upper), told
            next_end = self._end(next_joints)
            next_place = self.task.move(end, next_end, place, action[:, 3:])
            if i > 0:  # an arm whose episode has ended stays
                over = terminated.unsqueeze(1)
                next_joints, next_end = torch.where(over, joints, next_joints), torch.where(over, end, next_end)
                next_place = torch.where(over, place, next_place)
            joints, end, place = next_joints, next_end, next_place
            gained, ended, done = self.task.reward_and_end(end, place)
            reward = reward + gained.masked_fill(terminated, 0.0)
            terminated, success = ended, done
        self.success, self.distance = success, self.task.distance(end, place)
        if self.growth is not None:
            self._probe = probe[:, 0].long()
        return ArmState(joints, place, look, shape, late, command, drive, probe).packed(), reward, terminated

    def observe(self, state: Tensor) -> Tensor:
        """What is seen of a state, in this world's view; a picture comes after those seen before."""
        parts = self.parts(state)
        if self.eye is not None:
            return self.eye.see(parts)
        end = self._end(parts.joints)
        if self.view == "state":
            return self.task.state(parts.joints, end, parts.place)
        return torch.cat((*self.task.goals(end, parts.place), self.task.proprio(parts.joints, end, parts.place)), 1)

    def observe_begun(self, state: Tensor, obs: Tensor, begun: Tensor) -> Tensor:
        """As ``observe``; pictures are made of those only that have begun."""
        return self.observe(state) if self.eye is None else self.eye.see_begun(self.parts(state), obs, begun)

    def observe_anew(self, state: Tensor) -> Tensor:
        """As ``observe``, without the pictures seen before."""
        return self.observe(state) if self.eye is None else self.eye.see_anew(self.parts(state))

    def seen(self) -> dict[str, Any]:
        """The pictures seen, and what has grown."""
        seen = {} if self.eye is None else self.eye.seen()
        return seen if self.growth is None else {**seen, "growth": self.growth.state_dict()}

    def observe_resumed(self, state: Tensor, seen: dict[str, Any]) -> Tensor:
        """As ``observe``; the pictures are those that were seen."""
        if self.growth is not None:
            self.growth.load_state_dict(seen["growth"])
        return self.observe(state) if self.eye is None else self.eye.resume(self.parts(state), seen)

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, action_size): what somebody does who knows the state, and where the arm was last told to be."""
        parts = self.parts(state)
        return self.task.expert(self._end(parts.joints if self._exact else parts.command), parts.place)

    def _end(self, joints: Tensor) -> Tensor:
        return forward(self.robot, joints)[:, -1, :3, 3]
