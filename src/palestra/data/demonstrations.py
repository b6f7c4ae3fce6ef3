"""Demonstrations: the last observations that an expert was asked about, and what it would have done."""

from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from palestra.data.ring import write_ring
from palestra.envs.spaces import tensor_dtype
from palestra.errors import require


class Demonstrations:
    """A ring of observations with an action for each; images stay bytes.

    Args:
        capacity: how many.
        obs_space: of one observation.
        action_size: numbers of an action.
        device: where it is kept.
    """

    def __init__(self, capacity: int, obs_space: spaces.Box, action_size: int, device: torch.device):
        self.capacity, self.size, self._head = capacity, 0, 0
        self._obs = torch.empty(capacity, *obs_space.shape, dtype=tensor_dtype(obs_space), device=device)
        self._action = torch.empty(capacity, action_size, device=device)

    def __len__(self) -> int:
        return self.size

    def add(self, obs_BF: Tensor, action_BA: Tensor) -> None:
        """Append B of them (at most the capacity), over the oldest ones when full."""
        num = len(obs_BF)
        require(num <= self.capacity, f"{num} demonstrations at once", f"at most buffer_size={self.capacity}")
        write_ring((self._obs, self._action), (obs_BF, action_BA), self._head)
        self._head = (self._head + num) % self.capacity
        self.size = min(self.size + num, self.capacity)

    def sample(self, num: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw ``num`` of them uniformly, with replacement: (B, *obs_shape) and (B, A)."""
        require(self.size > 0, "a sample of no demonstrations", "at least one")
        index_B = torch.randint(self.size, (num,), generator=generator, device=self._action.device)
        return self._obs.index_select(0, index_B), self._action.index_select(0, index_B)

    def state_dict(self) -> dict[str, Any]:
        """What is there, and where the next one goes."""
        fields = {"obs": self._obs[: self.size], "action": self._action[: self.size]}
        return {"size": self.size, "head": self._head, "fields": fields}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same capacity."""
        self.size, self._head = state["size"], state["head"]
        self._obs[: self.size] = state["fields"]["obs"]
        self._action[: self.size] = state["fields"]["action"]
