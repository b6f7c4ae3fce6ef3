"""palestra/TwoWays-v0: a point that has to get around what stands in its way, on whichever side it likes.

    place' = place + STRIDE action,   with actions from -1 to 1 along both axes

An episode begins close before a disc in the middle of the field, with the goal straight behind it. A stride that meets
the disc or leaves the field ends it and pays nothing; the goal ends it and pays 1, so that a mean return is a rate of
success. One way around is as good as the other, and the world's own expert tosses a coin in each episode, which nobody
observes. So what is done on both sides has a mean that nobody does: straight ahead, into the disc. About the line to
the goal the expert's first stride is

    STRIDE (cos a, sin a) or STRIDE (cos a, -sin a),   sin a = CLEAR / START,

and the mean of the two, STRIDE cos a = 0.119, is more than what lies before the disc, START - RADIUS = 0.08. Both forms
are here: the batched one, and Gymnasium's, in float64, with the distance to the disc in another form.
"""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.dynamics import Dynamics

STRIDE = 0.3
"""How far an action of 1 goes along an axis."""
RADIUS = 0.35
"""Of the disc."""
START = 0.43
"""Distance from the middle at which an episode begins, anywhere around."""
GOAL = 0.9
"""Distance of the goal from the middle."""
NEAR = 0.1
"""How near the goal is reached."""
CLEAR = 0.395
"""Distance that the expert keeps from the middle."""
FIELD = 1.2
"""How far the field goes along either axis, to both sides."""
OBSERVATION_SPACE = spaces.Box(-2.0, 2.0, (4,))
ACTION_SPACE = spaces.Box(-1.0, 1.0, (2,))


def closest(place: Tensor, stride: Tensor) -> Tensor:
    """(B,) how close a stride (B, 2) from a place (B, 2) comes to the middle."""
    along = -(place * stride).sum(1) / stride.square().sum(1).clamp_min(1e-12)
    away: Tensor = torch.linalg.vector_norm(place + along.clamp(0.0, 1.0)[:, None] * stride, dim=1)
    return away


def shown(place: Tensor, goal: Tensor, way: Tensor) -> Tensor:
    """(B, 2) the expert's stride: to the goal where the way is clear, else along the tangent of a circle of CLEAR.

    Args:
        place: (B, 2) where it is.
        goal: (B, 2) where it wants to be.
        way: (B,) 1 to have the middle on its right, -1 on its left.
    """
    distance = torch.linalg.vector_norm(place, dim=1, keepdim=True).clamp_min(1e-6)
    inward = -place / distance
    beside = way[:, None] * torch.stack((-inward[:, 1], inward[:, 0]), 1)
    sine = (CLEAR / distance).clamp(max=1.0)
    around = STRIDE * ((1.0 - sine.square()).sqrt() * inward + sine * beside)
    ahead = goal - place
    length = torch.linalg.vector_norm(ahead, dim=1, keepdim=True)
    straight = ahead * (STRIDE / length.clamp_min(STRIDE))
    return torch.where(closest(place, ahead)[:, None] >= CLEAR, straight, around)


class TwoWays(Dynamics):
    """Observes its place and the goal, not the way that the expert would go; 20 steps."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE
    draws_at_starts_alone = True
    max_episode_steps = 20
    state_names = ("x", "y", "goal's x", "goal's y", "way")

    def initial_state(self, num: int) -> Tensor:
        """Anywhere around the disc, the goal opposite, and the fall of a coin."""
        angle = 2 * math.pi * torch.rand(num, generator=self.generator, device=self.device)
        way = torch.empty_like(angle).bernoulli_(0.5, generator=self.generator) * 2.0 - 1.0
        return begun(angle, way)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One stride."""
        place, goal = state[:, :2], state[:, 2:4]
        stride = STRIDE * action
        after = place + stride
        over = (closest(place, stride) < RADIUS) | (after.abs() > FIELD).any(1)
        reached = (torch.linalg.vector_norm(goal - after, dim=1) < NEAR) & ~over
        return torch.cat((after, state[:, 2:]), 1), reached.float(), over | reached

    def observe(self, state: Tensor) -> Tensor:
        """(num_envs, 4): place and goal."""
        return state[:, :4].contiguous()

    def state_from(self, obs: Tensor) -> Tensor:
        """(B, 5): the way, which matters to the expert alone, is that of one side."""
        return torch.cat((obs, torch.ones_like(obs[:, :1])), 1)

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, 2) on the side on which the coin fell."""
        return (shown(state[:, :2], state[:, 2:4], state[:, 4]) / STRIDE).clamp(-1.0, 1.0)


def begun(angle: Tensor, way: Tensor) -> Tensor:
    """States (B, 5) in which episodes begin, at angles (B,) around the disc; ``way`` (B,) is 1 or -1."""
    at = torch.stack((angle.cos(), angle.sin()), 1)
    return torch.cat((START * at, -GOAL * at, way[:, None]), 1)


class TwoWaysEnv(gym.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Gymnasium's form."""

    observation_space, action_space = OBSERVATION_SPACE, ACTION_SPACE

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Anywhere around the disc, the goal opposite, and the fall of a coin."""
        super().reset(seed=seed)
        angle, way = self.np_random.uniform(0.0, 2 * math.pi), 2.0 * self.np_random.integers(2) - 1.0
        x, y = math.cos(angle), math.sin(angle)
        self.state = np.array((START * x, START * y, -GOAL * x, -GOAL * y, way))
        return self.state[:4].astype(np.float32), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One step of :class:`TwoWays`."""
        place, goal = self.state[:2], self.state[2:4]
        after = place + STRIDE * np.asarray(action, np.float64)
        over = _distance(place, after) < RADIUS or bool(np.abs(after).max() > FIELD)
        reached = not over and math.dist(goal, after) < NEAR
        self.state = np.concatenate((after, self.state[2:]))
        return self.state[:4].astype(np.float32), float(reached), over or reached, False, {}

    def expert(self) -> NDArray[np.float32]:
        """What somebody would do who goes the way of the coin."""
        state = torch.from_numpy(self.state)[None]
        action: NDArray[np.float32] = TwoWays(1).expert(state)[0].numpy().astype(np.float32)
        return action


def _distance(start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """From the middle to the straight line between two points: at an end of it, or at the foot of the perpendicular."""
    (x, y), (u, v) = start, end
    length = math.hypot(u - x, v - y)
    beyond = x * (x - u) + y * (y - v) <= 0 or u * (u - x) + v * (v - y) <= 0
    if beyond or length == 0:
        return min(math.hypot(x, y), math.hypot(u, v))
    return float(abs(x * v - y * u) / length)
