"""One arm to be driven, by hand or by an agent, episode after episode: in PyBullet's world, or in the twin.

Unlike a vector environment it stands where an episode has ended, so that one can look at it, until the next is begun.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.engine.agent import Agent
from palestra.envs.arm.catalogue import MAX_EPISODE_STEPS, env_id
from palestra.envs.arm.client import import_pybullet
from palestra.envs.arm.eye import Eye
from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.looks import level
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.settings import SIMULATED_ONLY, ArmSettings
from palestra.envs.arm.sim import Sim
from palestra.envs.arm.solids import place_shapes
from palestra.envs.arm.task import LATE_REWARD, Task
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.registry import reference_env


class Driven(ABC):
    """An arm in some world; ``begin`` starts an episode, and nothing else works before it."""

    task: Task
    """What is to be done."""
    robot: Robot
    """What moves."""
    steps = 0
    """Of this episode."""
    reward = 0.0
    """Of its last step."""
    ended = ""
    """How it ended: "reached", "left" or "out of time"; "" while it goes on."""
    distance = 0.0
    """How far the task is from being done (m)."""

    @abstractmethod
    def begin(self, seed: int) -> None:
        """Start the episode of a seed."""

    @abstractmethod
    def move(self, action: NDArray[np.float32]) -> None:
        """One step with an action (A,) in [-1, 1]; not after the end."""

    @abstractmethod
    def expert(self) -> NDArray[np.float32]:
        """(A,) the action of somebody who knows where everything is."""

    @abstractmethod
    def decided(self, agent: Agent) -> NDArray[np.float32]:
        """(A,) the action of an agent that was made for what is seen here."""

    @abstractmethod
    def arrangement(self) -> tuple[Tensor, Tensor]:
        """Joints (1, J) and places (1, K) as they are."""

    @abstractmethod
    def box(self) -> tuple[Tensor, Tensor]:
        """Least and greatest x, y and z (3,) of the object (m)."""

    @abstractmethod
    def seen(self) -> Tensor:
        """(S, S) uint8: what the camera sees."""

    def close(self) -> None:  # noqa: B027 - the twin holds nothing
        """Let go of what it holds."""


class InPhysics(Driven):
    """In PyBullet's world.

    Args:
        task: by its name.
        kwargs: of the environment.

    Raises UsageError, with what to install, where PyBullet is not.
    """

    def __init__(self, task: str, kwargs: Mapping[str, Any]):
        import_pybullet()
        self.env = reference_env(env_id(task), None, dict(kwargs))
        self.arm = cast(Any, self.env.unwrapped)
        self.task, self.robot = self.arm.task, self.arm.robot

    def begin(self, seed: int) -> None:
        """Start the episode of a seed."""
        self.obs, info = self.env.reset(seed=seed)
        self.steps, self.reward, self.ended, self.distance = 0, 0.0, "", info["distance"]

    def move(self, action: NDArray[np.float32]) -> None:
        """One step, as the environment rewards and ends it."""
        self.obs, reward, _, _, info = self.env.step(action)
        self.steps, self.reward = self.steps + 1, float(reward)
        self.ended, self.distance = info["ended"], info["distance"]

    def expert(self) -> NDArray[np.float32]:
        """The environment's own."""
        action: NDArray[np.float32] = self.arm.expert()
        return action

    def decided(self, agent: Agent) -> NDArray[np.float32]:
        """What it decides in this environment."""
        return np.asarray(agent.decide(self.obs, self.env), np.float32)

    def arrangement(self) -> tuple[Tensor, Tensor]:
        """As the environment read them."""
        joints, place = self.arm.arrangement()
        return joints, place

    def box(self) -> tuple[Tensor, Tensor]:
        """Around the object's surface."""
        sim = self.arm.sim
        assert isinstance(sim, Sim)
        low, high = (torch.tensor(corner) for corner in sim.thing_box())
        return low, high

    def seen(self) -> Tensor:
        """By PyBullet's renderer."""
        return torch.from_numpy(self.arm.seen())

    def close(self) -> None:
        """End the physics."""
        self.env.close()


class InTwin(Driven):
    """In the twin: the same task, without contact, and without PyBullet.

    Args:
        task: by its name.
        kwargs: of the environment; those that only a world with physics has are passed over.
    """

    def __init__(self, task: str, kwargs: Mapping[str, Any]):
        own = {name: value for name, value in kwargs.items() if name not in SIMULATED_ONLY}
        limit = own.pop("max_episode_steps", MAX_EPISODE_STEPS)
        settings = ArmSettings(task, **own)
        self.twin = ArmTwin(1, settings=settings, max_episode_steps=limit)
        self.task, self.robot, self.size = settings.make_task(), self.twin.robot, settings.image_size
        self.eye = Eye(self.robot, self.task, level("none"), self.size, 1)

    def begin(self, seed: int) -> None:
        """Start the episode of a seed."""
        self.twin.generator.manual_seed(seed)
        with torch.inference_mode():
            self.state = self.twin.initial_state(1)
            self.obs = self.twin.observe_anew(self.state)
            parts = self.twin.parts(self.state)
            at = forward(self.robot, parts.joints)[:, -1, :3, 3]
            self.distance = float(self.task.distance(at, parts.place))
        self.steps, self.reward, self.ended = 0, 0.0, ""

    def move(self, action: NDArray[np.float32]) -> None:
        """One step; the step limit costs what it costs everywhere."""
        with torch.inference_mode():
            self.state, reward, terminated = self.twin.transition(self.state, torch.from_numpy(action)[None])
            self.obs = self.twin.observe(self.state)
        self.steps, self.reward, self.distance = self.steps + 1, float(reward), float(self.twin.distance)
        if bool(terminated):
            self.ended = "reached" if bool(self.twin.success) else "left"
        elif self.steps == self.twin.max_episode_steps:
            self.ended, self.reward = "out of time", self.reward + LATE_REWARD

    def expert(self) -> NDArray[np.float32]:
        """The twin's own."""
        with torch.inference_mode():
            return self.twin.expert(self.state)[0].numpy().copy()

    def decided(self, agent: Agent) -> NDArray[np.float32]:
        """Its action for what is seen."""
        with torch.inference_mode():
            return agent.act(self.obs)[0].numpy().copy()

    def arrangement(self) -> tuple[Tensor, Tensor]:
        """As they stand in the state."""
        parts = self.twin.parts(self.state)
        return parts.joints, parts.place

    def box(self) -> tuple[Tensor, Tensor]:
        """Around the solids, or the block."""
        parts = self.twin.parts(self.state)
        if self.task.grips:
            return parts.place[0, :3] - parts.place[0, -3:], parts.place[0, :3] + parts.place[0, -3:]
        placed = place_shapes(parts.shape, parts.place[:, :3])
        reach_BS3 = (placed.axes_BS33.abs() @ placed.half_BS3.unsqueeze(3)).squeeze(3)
        low_BS3, high_BS3 = placed.centre_BS3 - reach_BS3, placed.centre_BS3 + reach_BS3
        return low_BS3[0].amin(0), high_BS3[0].amax(0)

    def seen(self) -> Tensor:
        """By the ray-casting camera."""
        with torch.inference_mode():
            return self.eye.in_size(self.twin.parts(self.state), self.size)[0]
