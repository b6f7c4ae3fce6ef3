"""A learner's actions as joint speeds: of each joint, or of the tool by way of its Jacobian."""

from typing import Any, Literal

import numpy as np
import torch

from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.errors import PalestraError, UsageError, require
from palestra.kinematics.motion import forward, jacobian
from palestra.kinematics.tree import Tree
from palestra.streaming.governor import Floats
from palestra.streaming.protocol import Measurement

Means = Literal["joints", "tool"]
"""What an action is: a speed of each joint, or the tool's in x, y and z."""
DAMPING = 0.05
"""m by which the way back from the tool's speed to the joints' is damped where a direction is lost."""


class Acting:
    """What an agent wants, by what the robot says that it sees.

    Args:
        learner: the agent; its observations are a Box, and so are its actions.
        tree: the robot.
        means: what an action is.
        scale: rad/s or m/s of an action of 1.
        end: the frame that is the tool.

    Raises UsageError where its actions are no such thing.
    """

    def __init__(self, learner: Learner, tree: Tree, *, means: Means = "joints", scale: float = 1.0, end: str = ""):
        if not isinstance(learner, Agent):
            raise UsageError(f"a robot to be moved by {learner.name}, which acts in no world; expected an agent")
        self.agent: Any = learner
        self.tree, self.means, self.scale = tree.to(torch.float64), means, scale
        space, size = learner.env.action_space, len(tree.joints) if means == "joints" else 3
        fits = space.shape == (size,) and getattr(space, "dtype", None) in (np.float32, np.float64)
        told = "a speed of each joint" if means == "joints" else "the tool's speed in x, y and z"
        require(fits, f"a policy with actions {space} as {told}", f"a Box of {size} numbers")
        require(np.isfinite(scale) and scale != 0, f"scale={scale}", "a number other than 0")
        if means == "tool":
            tree.place(end)
        self.end = end
        seen = learner.env.observed.own
        require(seen.shape is not None, f"a policy that observes {seen}", "a Box: obs is numbers side by side")
        self.shape: tuple[int, ...] = seen.shape or ()

    def __call__(self, measured: Measurement) -> Floats:
        """Joint speeds (Q,). PalestraError where what was measured holds no observation of the agent's."""
        size = int(np.prod(self.shape))
        if measured.obs is None or measured.obs.size != size:
            there = "none" if measured.obs is None else f"{measured.obs.size} numbers"
            raise PalestraError(f"a measurement with obs of {there}; expected the policy's {size}")
        action = np.asarray(self.agent.predict(measured.obs.reshape(self.shape).astype(np.float32)), np.float64)
        return action * self.scale if self.means == "joints" else self._joints(action * self.scale, measured.q_Q)

    def _joints(self, speed_3: Floats, q_Q: Floats) -> Floats:
        """J' (J J' + d^2 I)^-1 v: damped least squares (Nakamura & Hanafusa 1986)."""
        frames_1R44 = forward(self.tree, torch.from_numpy(q_Q)[None])
        j_3Q = jacobian(self.tree, frames_1R44, self.end)[0, :3].numpy()
        solved: Floats = j_3Q.T @ np.linalg.solve(j_3Q @ j_3Q.T + DAMPING**2 * np.eye(3), speed_3)
        return solved
