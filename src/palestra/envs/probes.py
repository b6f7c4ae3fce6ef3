"""Tiny environments whose right values are known, so that a learner that fails on one shows where it is wrong.

Each isolates one thing that a learner must do; V is the value of following the best policy at discount gamma.
"""

from collections.abc import Callable

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.dynamics import Dynamics
from palestra.envs.vector import GoalSpec

ONE_NUMBER = spaces.Box(-1.0, 1.0, (1,))
TWO_ACTIONS = spaces.Box(np.array([-1.0, 0.0], np.float32), np.array([3.0, 0.5], np.float32))
"""Two continuous actions with bounds of their own."""


def zeros(dynamics: Dynamics, num: int) -> Tensor:
    """Where there is one state to begin in: (num, 1), zero."""
    return torch.zeros(num, 1, device=dynamics.device)


def idle(probe: type[Dynamics]) -> Callable[[int, str | torch.device], Dynamics]:
    """Makes a probe with two continuous actions that do nothing in the place of its own, which do nothing either."""

    def make(num_envs: int, device: str | torch.device = "cpu") -> Dynamics:
        dynamics = probe(num_envs, device)
        dynamics.action_space = TWO_ACTIONS
        return dynamics

    return make


class ConstantReward(Dynamics):
    """One step, reward 1 whatever is done: V = 1. Fails if the value loss or its optimizer is wrong."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward 1 and the end."""
        return state, torch.ones_like(state[:, 0]), ~self.never


class DelayedReward(Dynamics):
    """Two steps, reward 1 on the second: V(0) = gamma, V(1) = 1. Fails if the value of the next state is not used."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From state 0 to state 1 without reward, from state 1 to the end with it."""
        return 1.0 - state, state[:, 0], state[:, 0] > 0


class ObservationDependent(Dynamics):
    """One step, observation -1 or 1, reward the same: V = observation. Fails if the observation goes astray."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)

    def initial_state(self, num: int) -> Tensor:
        """-1 or 1, equally likely."""
        return torch.empty(num, 1, device=self.device).bernoulli_(0.5, generator=self.generator) * 2.0 - 1.0

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward the observation, and the end."""
        return state, state[:, 0], ~self.never


class ActionDependent(Dynamics):
    """One step, reward 1 for action 1 and -1 for action 0: V = 1. Fails if the policy learns from the wrong sign."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward 1 for action 1, else -1, and the end."""
        return state, action * 2.0 - 1.0, ~self.never


class ForeverOne(Dynamics):
    """Reward 1 for ever, cut after 10 steps: V = 1 / (1 - gamma). Fails if a time limit is taken for an end."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)
    max_episode_steps = 10

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward 1 and on."""
        return state, torch.ones_like(state[:, 0]), self.never


class ContinuousTarget(Dynamics):
    """One step, reward -(action - 2)^2 with actions in [-1, 3]: V = 0. Fails if asymmetric bounds are mishandled."""

    observation_space = ONE_NUMBER
    action_space = spaces.Box(-1.0, 3.0, (1,))

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward by the distance to 2, and the end."""
        return state, -(action.squeeze(1) - 2.0).square(), ~self.never


class TwoTargets(Dynamics):
    """One step, reward -(a - 2)^2 - (b - 0.1)^2 in [-1, 3] x [0, 0.5]: V = 0. Fails if bounds are mixed up."""

    observation_space = ONE_NUMBER
    action_space = TWO_ACTIONS

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward by the distance to the two targets, and the end."""
        target = torch.tensor([2.0, 0.1], device=self.device)
        return state, -(action - target).square().sum(1), ~self.never


class PixelTarget(Dynamics):
    """One step, an image of a bright square and a grey mark in its middle: V = 1. Fails if images are not understood.

    The action points from the mark to the square, between -1 and 1 to the right and downwards, and the reward is 1 less
    its squared distance from there. Whoever does not see can have no more than 1 - 2 * 22 / 60 = 0.267, by action 0.
    """

    SIZE, SQUARE = 24, 4

    observation_space = spaces.Box(0, 255, (1, SIZE, SIZE), np.uint8)
    action_space = spaces.Box(-1.0, 1.0, (2,))

    def initial_state(self, num: int) -> Tensor:
        """Column and row of the square's corner, each place equally likely."""
        places = self.SIZE - self.SQUARE + 1
        return torch.randint(places, (num, 2), generator=self.generator, device=self.device).float()

    def observe(self, state: Tensor) -> Tensor:
        """(num, 1, 24, 24) uint8: the square at 255, the mark at 128, the rest black."""
        pixel = torch.arange(self.SIZE, device=self.device)
        offset = pixel - state[:, :, None]
        across, down = ((offset >= 0) & (offset < self.SQUARE)).unbind(1)
        middle = (pixel - (self.SIZE - 1) / 2).abs() < 1.0
        mark = 128 * (middle[:, None] & middle).byte()
        square = 255 * (down[:, :, None] & across[:, None]).byte()
        return torch.maximum(mark, square).unsqueeze(1)

    def target(self, state: Tensor) -> Tensor:
        """(num, 2) the action that points to the square."""
        return state * (2.0 / (self.SIZE - self.SQUARE)) - 1.0

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reward by the distance to where the square is, and the end."""
        return state, 1.0 - (action - self.target(state)).square().sum(1), ~self.never

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, 2) where the squares are."""
        return self.target(state)


class GoalPoint(Dynamics):
    """A point to be moved to a goal, 1 when it is there, which chance seldom brings about. Fails without hindsight.

    Observes (x, y) achieved and (x, y) desired, both in [-1, 1]; an action of 1 moves by 0.2.
    """

    STEP, RADIUS = 0.2, 0.05

    observation_space = spaces.Box(-1.0, 1.0, (4,))
    action_space = spaces.Box(-1.0, 1.0, (2,))
    max_episode_steps = 20

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        """As ``Dynamics``."""
        super().__init__(num_envs, device)
        self.goal = GoalSpec(slice(0, 2), slice(2, 4), self.worth)

    def worth(self, achieved: Tensor, desired: Tensor) -> tuple[Tensor, Tensor]:
        """Reward 1, and the end, within the radius."""
        there = (achieved - desired).square().sum(1) < self.RADIUS**2
        return there.float(), there

    def initial_state(self, num: int) -> Tensor:
        """Point and goal anywhere."""
        return torch.rand(num, 4, generator=self.generator, device=self.device) * 2.0 - 1.0

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The point moved, within the square."""
        place, goal = state.split(2, 1)
        place = (place + self.STEP * action).clamp(-1.0, 1.0)
        return torch.cat((place, goal), 1), *self.worth(place, goal)

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, 2) straight to the goal along each axis."""
        return ((state[:, 2:] - state[:, :2]) / self.STEP).clamp(-1.0, 1.0)


class Counting(Dynamics):
    """Observes (episode, step), reward the step: shows any transition that joins two episodes.

    ``episode`` is a random number drawn at each start; the episode terminates after 3 + episode mod 6 steps and is cut
    after 6, so that it ends in both ways.
    """

    observation_space = spaces.Box(0.0, 2.0**20, (2,))
    action_space = spaces.Discrete(2)
    max_episode_steps = 6

    def initial_state(self, num: int) -> Tensor:
        """A new episode number, step 0."""
        state = torch.zeros(num, 2, device=self.device)
        state[:, 0].random_(0, 2**20, generator=self.generator)
        return state

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The next step of the same episode."""
        episode, step = state.unbind(1)
        step = step + 1
        return torch.stack((episode, step), 1), step, step >= 3 + episode.remainder(6)
