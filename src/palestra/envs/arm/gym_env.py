"""The arm as a Gymnasium environment, its world simulated by PyBullet or by MuJoCo.

Four objects make it, each of which can be replaced alone: the :class:`~palestra.envs.arm.task.Task` says what is to
be done, the :class:`~palestra.envs.arm.robot.Robot` what moves, the :class:`~palestra.envs.arm.camera.Camera` what is
seen, and the :class:`~palestra.envs.arm.simulator.Simulator` is the world that obeys. This file puts them together:
actions in, observations out.
"""

from collections import deque
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.arm.blocks import Block
from palestra.envs.arm.drive import AUTOMATIC
from palestra.envs.arm.jaws import WIDEST
from palestra.envs.arm.kinematics import forward, inverse
from palestra.envs.arm.looks import draw, level, unpack
from palestra.envs.arm.objects import object_set
from palestra.envs.arm.paint import Light, Paint
from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.simulator import Gripping, Simulator, make_gripping, make_simulator
from palestra.envs.arm.task import LATE_REWARD, MAX_STEP, Task
from palestra.envs.vector import GoalSpec
from palestra.errors import PalestraError, UsageError, require, unknown_name

CONTROLS = ("position", "teleport")
MOVEMENTS_PER_SECOND = 7.5
"""Of both simulators."""
NUMBERS = {3: "three", 4: "four"}


class ArmEnv(gym.Env[Any, NDArray[np.float32]]):
    """One arm, one task, one view of it.

    An action is the displacement of the end effector that is commanded, in units of 0.1 m; beyond [-1, 1] it is
    clipped. Where the task has jaws a fourth number says how wide they are to be, from -1, shut, to 1. The command
    starts where the arm is and is moved by each action to where the joints can follow, the gripper
    pointing down. ``info`` has "distance" (m), and after a step "is_success" and "ended" ("reached", "left",
    "out of time", or "" while the episode goes on).

    Everything random comes from the seed of ``reset``; an episode is bit for bit a function of it and the actions.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": round(MOVEMENTS_PER_SECOND)}  # noqa: RUF012

    def __init__(
        self,
        task: str | Task = "reach",
        view: str = "state",
        *,
        control: str = "position",
        objects: str = "train",
        urdf: str | None = None,
        simulator: str = "pybullet",
        render_mode: Literal["rgb_array"] | None = None,
        **settings: Any,
    ) -> None:
        """Make the world; ``reset`` starts it.

        Args:
            task: of :class:`~palestra.envs.arm.settings.ArmSettings`, as is what follows.
            view: likewise.
            control: "position", by motors, with dynamics; or "teleport", joints put in place at once as in the notes.
            objects: "train" (900 random ones, or 90 blocks), "held-out" (100 or 30 others), or the path of a URDF.
            urdf: the path of the model of a robot of one's own.
            simulator: "pybullet", or "mujoco", which compiles the same files.
            render_mode: "rgb_array" for ``render()``, or None.
            settings: the other fields of :class:`~palestra.envs.arm.settings.ArmSettings`.

        Raises UsageError for settings that cannot be had, and where the simulator is not installed.
        """
        chosen = ArmSettings(task, view, **settings)
        for name, value, ours in (
            ("drive", chosen.drive, chosen.drive == "none"),
            ("randomisation", chosen.randomisation, chosen.randomisation != AUTOMATIC),
        ):
            expected = f"it in the twin alone (backend='torch'), and {name}='none' here, or in reference_kwargs"
            require(ours, f"{name}={value!r} for a world with physics", expected)
        self.task, self.robot = chosen.make_task(), chosen.make_robot()
        self.observation_space = chosen.space(self.task, self.robot)
        self.action_space = spaces.Box(-1.0, 1.0, (self.task.action_size,), np.float32)
        if control not in CONTROLS:
            raise unknown_name("control", control, CONTROLS)
        grips = self.task.grips
        require(not grips or control == "position", f"control={control!r} for jaws, which grip by force", "'position'")
        require(render_mode in (None, "rgb_array"), f"render_mode={render_mode!r}", "'rgb_array' or None")
        self.view, self.control, self.frame_skip, self.render_mode = view, control, chosen.frame_skip, render_mode
        self.goal_spec: GoalSpec | None = None
        if view == "goal":
            self.goal_spec = self.task.goal_spec()
            # Only a goal environment has a compute_reward: by that others know it.
            self.compute_reward = self.task.compute_reward
        self._looks, self._plain_camera = level(chosen.randomisation), chosen.camera.with_size(chosen.image_size)
        self._objects = object_set(objects, self.task.grips)
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=chosen.frame_stack)
        self._sees = view.startswith("pixels")
        self._started = False
        self.jaws: Gripping | None = None
        """The simulator, where the arm has jaws."""
        if grips:
            require(not urdf, f"urdf={urdf!r} for a task with jaws", "none: they hang from PyBullet's own arm")
            require(simulator == "pybullet", f"simulator={simulator!r} for a task with jaws", "'pybullet'")
            self.jaws = make_gripping(self.robot, self.task.plinth)
        self.sim: Simulator = self.jaws or make_simulator(simulator, self.robot, urdf)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode: the arm as in the notes, the task's object at rest on the table."""
        super().reset(seed=seed)
        thing = self.task.puck or self._objects[int(self.np_random.integers(len(self._objects)))]
        generator = torch.Generator().manual_seed(int(self.np_random.integers(2**62)))
        with torch.inference_mode():
            self._place = self.task.sample(1, generator)
            self._command = self.robot.initial[None]
            look = unpack(draw(self._looks, self._plain_camera, 1, generator))
            self._camera = look.camera(self._plain_camera)
            direction, shares = look.light_B3[0].tolist(), (look.ambient_B, look.diffuse_B, look.specular_B)
            self._light = Light(tuple(direction), *(float(share) for share in shares))
            self._noise, self._blur = float(look.noise_B), float(look.blur_B)
            self._late = deque([np.zeros(self.task.action_size, np.float32)] * int(look.latency_B))
            paint = Paint(float(look.floor_B), float(look.table_B), tuple(look.arm_B8[0].tolist()))
            begun = (self._command[0].tolist(), thing, self._place[0, :2].tolist(), paint)
            if self.jaws is None:
                self.sim.begin(*begun)
            else:
                self.jaws.begin(*begun, None if self.task.plinth is None else self._place[0, 3:5].tolist())
                half = thing.half if isinstance(thing, Block) else self.jaws.thing_half()
                self._place = self.task.fit(self._place, torch.tensor([half]))
            self._started = True
            self._action = np.zeros(self.task.action_size, np.float32)
            self._ended = ""
            self._frames.clear()
            self._look()
            return self._observation(), {"distance": self._distance()}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Execute an action ``frame_skip`` times, or until the episode ends; the rewards are summed.

        Raises UsageError for an action that is not as many finite numbers as there should be.
        """
        self._check_started("step")
        self._late.append(self._checked(action))
        self._action = self._late.popleft()
        total, terminated, success = 0.0, False, False
        with torch.inference_mode():
            for _ in range(self.frame_skip):
                self._execute(torch.from_numpy(self._action)[None])
                reward_B, terminated_B, success_B = self.task.reward_and_end(self._ee, self._place)
                total += float(reward_B)
                terminated, success = bool(terminated_B), bool(success_B)
                if terminated:
                    break
            self._ended = ("reached" if success else "left") if terminated else ""
            if self._sees:
                self._frames.append(self._picture())
            info = {"is_success": success, "distance": self._distance(), "ended": self._ended}
            return self._observation(), total, terminated, False, info

    def expert(self) -> NDArray[np.float32]:
        """(action_size,) the action of somebody who knows the state, and where the arm was last told to be."""
        with torch.inference_mode():
            return self.task.expert(forward(self.robot, self._command)[:, -1, :3, 3], self._place)[0].numpy().copy()

    def set_state(self, joints: Any, place: Any) -> Any:
        """Put the joints (7,), at rest, and the things (``task.place_size``,) where they are told. The observation."""
        self._check_started("set_state")
        with torch.inference_mode():
            self._command = torch.as_tensor(joints, dtype=torch.float32)[None].clamp(self.robot.lower, self.robot.upper)
            self._place = torch.as_tensor(place, dtype=torch.float32)[None]
            self.sim.teleport(self._command[0].tolist(), steps=0)
            self.sim.put_thing(self._place[0, :3].tolist())
            if self.jaws is not None:
                self.jaws.open_jaws(float(self._place[0, -4]))
            self._look()
            return self._observation()

    def arrangement(self) -> tuple[Tensor, Tensor]:
        """Joints (1, J) and places (1, ``task.place_size``) as they are now: what ``set_state`` is told."""
        self._check_started("arrangement")
        return self._joints, self._place

    def seen(self) -> NDArray[np.uint8]:
        """(image_size, image_size) what the camera sees now, whatever the view."""
        self._check_started("seen")
        return self._frames[-1] if self._sees else self._picture()

    def render(self) -> Any:
        """(720, 1240, 3): the scene from outside, and beside it what the camera sees, the action and the distance."""
        if self.render_mode is None:
            gym.logger.warn("render() of an environment made without render_mode='rgb_array' gives nothing")
            return None
        from palestra.envs.arm.panel import beside

        goal = None if self.task.puck is None else self.task.goals(self._ee, self._place)[1][0].tolist()
        outside = self.sim.outside(self.task.workspace, goal)
        return beside(outside, self.seen(), self._action, self._distance(), self._ended)

    def close(self) -> None:
        """End the physics."""
        self.sim.close()

    def _check_started(self, called: str) -> None:
        if not self._started:
            raise PalestraError(f"{called}() was called before the environment was started; call reset() first")

    def _checked(self, action: Any) -> NDArray[np.float32]:
        values = np.asarray(action, np.float32)
        size = self.task.action_size
        if values.shape != (size,):
            jaws = ", and the opening of the jaws" if self.task.grips else ""
            raise UsageError(
                f"an action of shape {values.shape}; expected ({size},), a displacement along x, y and z{jaws}"
            )
        if not np.isfinite(values).all():
            count = NUMBERS[size]
            raise UsageError(
                f"the action {values.tolist()}; expected {count} finite numbers (beyond [-1, 1] is clipped)"
            )
        return values.clip(-1.0, 1.0)

    def _execute(self, action_BA: Tensor) -> None:
        aim_B3 = forward(self.robot, self._command)[:, -1, :3, 3] + MAX_STEP * action_BA[:, :3]
        self._command = inverse(self.robot, self._command, self.task.limit(aim_B3))
        joints = self._command[0].tolist()
        if self.jaws is not None:
            self.jaws.move(joints, (float(action_BA[0, 3]) + 1) / 2 * WIDEST)
        elif self.control == "position":
            self.sim.move(joints)
        else:
            self.sim.teleport(joints)
        self._read()

    def _read(self) -> None:
        """Where everything is, from the world."""
        self._joints = torch.tensor([self.sim.joint_angles()])
        self._ee = torch.tensor([self.sim.end_effector()[0]])
        self._place = torch.cat((torch.tensor([self.sim.thing_pose()[0]]), self._place[:, 3:]), 1)
        if self.jaws is not None:
            self._place[:, -4] = self.jaws.opening()

    def _look(self) -> None:
        """Read a new state, and fill the stack with its picture."""
        self._read()
        if self._sees:
            self._frames.extend([self._picture()] * (self._frames.maxlen or 1))

    def _picture(self) -> NDArray[np.uint8]:
        picture = self.sim.gray(self._camera, self._light)
        if not self._blur and not self._noise:
            return picture
        seen = picture.astype(np.float32)
        if self._blur:
            edge = np.pad(seen, 1, mode="edge")
            around = edge[:-2, 1:-1] + edge[2:, 1:-1] + edge[1:-1, :-2] + edge[1:-1, 2:]
            seen = (1 - 4 * self._blur) * seen + self._blur * around
        seen += self._noise * self.np_random.standard_normal(seen.shape, np.float32)
        return (seen + 0.5).clip(0, 255).astype(np.uint8)

    def _distance(self) -> float:
        return float(self.task.distance(self._ee, self._place))

    def _observation(self) -> Any:
        if self.view == "state":
            return self.task.state(self._joints, self._ee, self._place)[0].numpy()
        if self.view == "pixels":
            return np.stack(self._frames)
        proprio = self.task.proprio(self._joints, self._ee, self._place)[0].numpy()
        if self.view == "pixels+proprio":
            return {"pixels": np.stack(self._frames), "proprio": proprio}
        achieved, desired = (goal[0].numpy() for goal in self.task.goals(self._ee, self._place))
        return {"achieved_goal": achieved, "desired_goal": desired, "observation": proprio}


class StepLimitReward(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Outside Gymnasium's time limit: adds the reward for being late to a step that it cuts.

    A step that reaches the object at the limit is an end and no cut.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        """``env`` is limited in time."""
        RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """As the environment's, the reward changed where the episode is cut."""
        obs, reward, terminated, truncated, info = self.env.step(action)
        if truncated and not terminated:
            reward, info["ended"] = float(reward) + LATE_REWARD, "out of time"
        return obs, reward, terminated, truncated and not terminated, info
