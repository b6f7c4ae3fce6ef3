"""Trajectories: recorded episodes where a learner computes, to be drawn from step by step or in windows of steps.

Nothing in them ever changes, so their state is what tells them from others: the digest of what was recorded.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes


class Window(NamedTuple):
    """Up to T consecutive steps of an episode each, from place 0 on; what stands behind them means nothing."""

    to_go: Tensor
    """(B, T) float32: the return from each step on."""
    obs: Tensor
    """(B, T, *obs_shape)."""
    action: Tensor
    """(B, T, ...)."""
    time: Tensor
    """(B, T) int64: steps of the episode before each."""
    known: Tensor
    """(B, T) bool: places at which there is a step."""


class Trajectories:
    """Recorded episodes.

    Args:
        episodes: what was recorded.
        device: where they are kept.
    """

    def __init__(self, episodes: Episodes, device: torch.device):
        self.digest, self.env = episodes.digest, str(episodes.facts["env"])
        self.returns = episodes.returns
        self.obs = torch.from_numpy(episodes.observations).to(device)
        self.action = torch.from_numpy(episodes.actions).to(device)
        self.to_go = torch.from_numpy(episodes.returns_to_go()).float().to(device)
        starts, ends = (torch.from_numpy(each[episodes.numbers]) for each in (episodes.starts, episodes.ends))
        rows = torch.arange(len(self.obs))
        self.time, self.last = (rows - starts).to(device), (ends - 1).to(device)

    def __len__(self) -> int:
        return len(self.obs)

    def window(self, row_B: Tensor, length: int) -> Window:
        """The steps from each row on, at most ``length``, to the end of its episode; behind it stands its last step."""
        wanted = row_B[:, None] + torch.arange(length, device=row_B.device)
        last = self.last[row_B][:, None]
        row = wanted.minimum(last)
        return Window(self.to_go[row], self.obs[row], self.action[row], self.time[row], wanted <= last)

    @property
    def facts(self) -> dict[str, Any]:
        """For the record of a training: which they are."""
        return {"env": self.env, "steps": len(self), "sha256": self.digest, "best_return": float(self.returns.max())}

    def state_dict(self) -> dict[str, Any]:
        """What they are known by."""
        return {"digest": self.digest}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Nothing to restore; says so where they are not those that a training began with."""
        same = state["digest"] == self.digest
        return [] if same else ["not exact: the recorded episodes are others than those that the training began with"]
