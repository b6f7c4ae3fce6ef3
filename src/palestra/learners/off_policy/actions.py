"""The two kinds of actions that replay keeps, as networks know them, and their way into the environment."""

from typing import Any

import gymnasium as gym
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Generator, Tensor

from palestra.envs.spaces import from_unit
from palestra.errors import UsageError


class BoxActions:
    """Actions of a Box with bounds. Networks and replay know them as A numbers between -1 and 1 alone.

    The bounds need be neither symmetric nor the same in every dimension.

    Args:
        space: of the environment's actions. UsageError for any other than a Box with bounds.
        algorithm: which cannot act in that one.
        device: where actions are made.
    """

    dtype = torch.float32
    """Of an action in replay."""

    def __init__(self, space: gym.Space[Any], algorithm: str, device: torch.device):
        if not isinstance(space, spaces.Box) or not space.is_bounded():
            raise UsageError(f"{algorithm} cannot act in {space}; expected a Box with bounds (ppo serves any space)")
        self.size = int(torch.Size(space.shape).numel())
        """A."""
        self.shape = (self.size,)
        """Of an action in replay."""
        self.low, self.high = (torch.as_tensor(x, dtype=torch.float32).to(device) for x in (space.low, space.high))

    def to_env(self, action_EA: Tensor) -> Tensor:
        """From actions (E, A) between -1 and 1 to the space's bounds (E, *shape)."""
        return from_unit(action_EA, self.low, self.high)

    def from_env(self, action: Tensor) -> Tensor:
        """From actions (B, *shape) within the space's bounds to (B, A) between -1 and 1."""
        return ((action - self.low) / (self.high - self.low) * 2.0 - 1.0).view(-1, self.size)

    def recorded(self, action: NDArray[Any]) -> Tensor:
        """Recorded actions (N, *shape) as (N, A) from -1 to 1; the environment clipped what was beyond its bounds."""
        return self.from_env(torch.from_numpy(action).to(self.low.device)).clamp_(-1.0, 1.0)

    def uniform(self, num: int, generator: Generator) -> Tensor:
        """Random actions (num, A) between -1 and 1."""
        return torch.rand(num, self.size, generator=generator, device=self.low.device) * 2.0 - 1.0


class DiscreteActions:
    """Actions of a Discrete space, which are what they are.

    Args:
        space: of the environment's actions. UsageError for any other than a Discrete one.
        algorithm: which cannot act in that one.
        instead: the algorithm that serves a Box.
        device: where actions are made.
    """

    dtype = torch.int64
    """Of an action in replay."""
    shape: tuple[int, ...] = ()
    """Of an action in replay."""

    def __init__(self, space: gym.Space[Any], algorithm: str, instead: str, device: torch.device):
        if not isinstance(space, spaces.Discrete):
            serves = f"{instead} serves Box" if isinstance(space, spaces.Box) else "ppo serves any space"
            raise UsageError(f"{algorithm} cannot act in {space}; expected a Discrete action space ({serves})")
        self.size = int(space.n)
        """A, how many there are."""
        self.device = device

    def to_env(self, action_E: Tensor) -> Tensor:
        """Actions (E,) as they are."""
        return action_E

    def recorded(self, action: NDArray[Any]) -> Tensor:
        """Recorded actions (N,) as they are."""
        return torch.from_numpy(action).to(self.device)

    def uniform(self, num: int, generator: Generator) -> Tensor:
        """Random actions (num,)."""
        return torch.randint(self.size, (num,), generator=generator, device=self.device)


Actions = BoxActions | DiscreteActions
