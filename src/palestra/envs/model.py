"""A world's dynamics as functions of states and actions, for any number of rows: what a planner plans in.

Made of any of our batched worlds whose observation says its state, without a line more:

    model = Model(make_vec("Pendulum-v1", 1))
    state = model.state(obs)
    state, cost, ended = model.step(state, action)
"""

import math
from typing import NamedTuple

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.dynamics import Dynamics
from palestra.envs.vector import VectorEnv
from palestra.errors import require


class Path(NamedTuple):
    """Where actions lead, from B states side by side."""

    states: Tensor
    """(T + 1, B, state_size), the first one among them. Where an episode ended, it stays as it ended."""
    costs: Tensor
    """(T, B), zero after an end."""

    @property
    def total(self) -> Tensor:
        """(B,) the sum of the costs."""
        return self.costs.sum(0)


class Model:
    """What follows from what, in a world.

    A row is a state of its own; float64 rows are computed as such. Functions take any number of rows.

    Args:
        env: the world, on the torch backend.
        dynamics: what is known of it, if not the rules of the world itself; then any backend will do.

    Raises UsageError where actions are no vector of numbers, or the state cannot be told from an observation.
    """

    learned: nn.Module = nn.ModuleDict()
    """What was learned of the world, if anything was."""

    def __init__(self, env: VectorEnv, dynamics: Dynamics | None = None) -> None:
        space = env.action_space
        given = f"observations {env.observation_space}, actions {space}"
        is_vector = isinstance(space, spaces.Box) and len(space.shape) == 1
        require(is_vector, given, "actions that are a vector of numbers, such as can be planned")
        assert isinstance(space, spaces.Box)
        self._dynamics = _rules(env, given) if dynamics is None else dynamics
        self._sized = dict[int, Dynamics]()
        self.device = env.device
        with torch.inference_mode(False):
            self.low, self.high = (torch.from_numpy(bound).to(self.device) for bound in (space.low, space.high))
            seen = torch.zeros(1, *env.observation_space.shape, device=self.device)
        self.state_size = self.state(seen).shape[1]
        self.angles = list(self._dynamics.angles)

    @property
    def action_size(self) -> int:
        """Numbers of an action."""
        return len(self.low)

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the numbers of the state are called."""
        return self._dynamics.state_names or tuple(f"state {i + 1}" for i in range(self.state_size))

    @property
    def rest(self) -> Tensor:
        """(action_size,) no action at all, or as little as the bounds allow."""
        return torch.zeros_like(self.low).clamp(self.low, self.high)

    def state(self, obs: Tensor) -> Tensor:
        """The states (B, state_size) of observations (B, *obs_shape)."""
        return self._dynamics.state_from(obs)

    def step(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What an action (B, action_size) leads to from a state (B, state_size).

        Returns the next state, the cost (B,), which is the reward with its sign turned, and where the episode ended,
        (B,) bool, or None where none can.
        """
        dynamics = self._sized.get(len(state))
        if dynamics is None:
            dynamics = self._sized[len(state)] = self._dynamics.resized(len(state))
        after, reward, ended = dynamics.transition(state, action)
        return after, -reward, None if ended is dynamics.never else ended

    def follow(self, state: Tensor, actions: Tensor) -> Path:
        """Where a plan (T, B, action_size) leads from each state (B, state_size)."""
        states, costs, over = [state], list[Tensor](), None
        for action in actions:
            after, cost, ended = self.step(states[-1], action)
            if over is not None:
                after, cost = torch.where(over[:, None], states[-1], after), cost.masked_fill(over, 0.0)
            if ended is not None:
                over = ended if over is None else over | ended
            states.append(after)
            costs.append(cost)
        return Path(torch.stack(states), torch.stack(costs))

    def total(self, state: Tensor, actions: Tensor, generator: Generator) -> Tensor:
        """(B,) what plans (T, B, action_size) cost from states (B, state_size).

        What is random in a model comes from ``generator``; in the rules of a world nothing is.
        """
        return self.follow(state, actions).total

    def difference(self, one: Tensor, other: Tensor) -> Tensor:
        """How one state (..., state_size) differs from another; of angles by less than half a turn."""
        apart = one - other
        if self.angles:
            turn = apart[..., self.angles]
            apart = apart.clone()
            apart[..., self.angles] = torch.remainder(turn + math.pi, 2 * math.pi) - math.pi
        return apart


def _rules(env: VectorEnv, given: str) -> Dynamics:
    """Of one of our batched worlds. UsageError for any other."""
    plays = (
        "one of our batched worlds (backend='torch'), which can be asked what an action leads to, or model=RUN, what a"
        " run of dynamics-ensemble or pets has learned of this one"
    )
    require(isinstance(env, TorchVectorEnv), f"{given} by {type(env).__name__}", plays)
    assert isinstance(env, TorchVectorEnv)
    return env.dynamics
