"""The arm's twin: the same tasks as in PyBullet, batched, without PyBullet, on CPU or accelerator.

The joints are where inverse kinematics wants them: the motion of PyBullet's motors without their small error. The
camera is :mod:`palestra.envs.arm.raycast`. An object is three solids (:mod:`palestra.envs.arm.solids`); it lies where
the task says and moves only as the task moves it.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.arm import looks
from palestra.envs.arm.catalogue import MAX_EPISODE_STEPS
from palestra.envs.arm.eye import Eye
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
        self._looks, self._camera = looks.level(settings.randomisation), settings.camera
        self.robot = robot.to(self.device)
        self._late = self.task.action_size * self._looks.latency
        self._widths = [robot.num_joints, self.task.place_size, looks.LOOK_SIZE, SHAPE_SIZE, self._late]
        self.eye: Eye | None = None
        """Of the view "pixels"."""
        if self.view == "pixels":
            self.eye = Eye(self.robot, self.task, self._looks, settings.image_size, settings.frame_stack)
        if self.view == "goal":
            self.goal = self.task.goal_spec()
        with torch.inference_mode(False):
            self.success = torch.zeros_like(self.never)
            """(num_envs,) bool: whose last step did what the task asks for."""
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
        """The arm as in the notes, the task's places, a look and a shape."""
        place = self.task.sample(num, self.generator)
        look = looks.draw(self._looks, self._camera, num, self.generator)
        shape, height = draw_shapes(looks.unpack(look).size_B, self.generator)
        if self.task.puck is None and not self.task.grips:
            place = torch.cat((place[:, :2], TABLE_TOP + height.unsqueeze(1), place[:, 3:]), 1)
        late = torch.zeros(num, self._late, device=self.device)
        return ArmState(self.robot.initial.expand(num, -1), place, look, shape, late).packed()

    def arranged(self, joints: Tensor, place: Tensor) -> Tensor:
        """States with joints (num_envs, 7) and places (num_envs, place_size) as told, looks and shapes drawn."""
        drawn = self.parts(self.initial_state(self.num_envs))
        return drawn._replace(joints=joints.clamp(self.robot.lower, self.robot.upper), place=place).packed()

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Execute the action, or with latency an earlier one, ``frame_skip`` times or until the episode ends."""
        # Reading a value would make an accelerator wait.
        if self.device.type == "cpu" and not bool(torch.isfinite(action).all()):
            raise UsageError("an action that is not finite; expected numbers in [-1, 1] for each arm")
        joints, place, look, shape, late = self.parts(state)
        action = action.clamp(-1.0, 1.0)
        if late.shape[1]:
            under_way = torch.cat((action, late), 1)
            size = action.shape[1]
            first = looks.unpack(look).latency_B.long().unsqueeze(1) * size + torch.arange(size, device=self.device)
            action, late = under_way.gather(1, first), under_way[:, :-size]
        end = self._end(joints)
        reward, terminated, success = torch.zeros_like(self.distance), self.never, self.never
        for i in range(self._frame_skip):
            next_joints = inverse(self.robot, joints, self.task.limit(end + MAX_STEP * action[:, :3]))
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
        return ArmState(joints, place, look, shape, late).packed(), reward, terminated

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
        """The pictures seen."""
        return {} if self.eye is None else self.eye.seen()

    def observe_resumed(self, state: Tensor, seen: dict[str, Any]) -> Tensor:
        """As ``observe``; the pictures are those that were seen."""
        return self.observe(state) if self.eye is None else self.eye.resume(self.parts(state), seen)

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, action_size): the action of somebody who knows the state."""
        parts = self.parts(state)
        return self.task.expert(self._end(parts.joints), parts.place)

    def _end(self, joints: Tensor) -> Tensor:
        return forward(self.robot, joints)[:, -1, :3, 3]
