"""Replay beside demonstrations: of every batch a fixed share is what was shown, the rest what was lived through.

Ball et al. 2023 (https://arxiv.org/abs/2302.02948), section 4.1, "symmetric sampling": with half of each, what was
shown is neither lost among what the agent does itself nor all that it learns from.
"""

from typing import Any

import torch
from torch import Generator, Tensor

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout


class DemonstratedReplay:
    """A replay ring that grows beside one that never changes.

    Args:
        own: what the agent does.
        shown: what was recorded.
        share: of a batch that is drawn from what was shown; rounded to whole transitions.
        digest: which recording it is: it is read anew, and not saved.
    """

    def __init__(self, own: ReplayBuffer, shown: ReplayBuffer, share: float, digest: str):
        self.own, self.shown, self.share, self.digest = own, shown, share, digest

    def __len__(self) -> int:
        """Of what the agent did."""
        return len(self.own)

    def add(self, rollout: Rollout) -> None:
        """Append what the agent did."""
        self.own.add(rollout)

    def cut(self, restarted_E: Tensor) -> None:
        """As ``ReplayBuffer.cut``."""
        self.own.cut(restarted_E)

    def sample(self, num: int, generator: Generator, *, n_step: int = 1, gamma: float) -> Transitions:
        """Draw ``num`` transitions with replacement, each part uniformly: first the agent's own, then those shown."""
        shown = round(self.share * num)
        parts = [
            replay.sample(count, generator, n_step=n_step, gamma=gamma)
            for replay, count in ((self.own, num - shown), (self.shown, shown))
        ]
        return Transitions(*(torch.cat(fields) for fields in zip(*parts)))

    def state_dict(self) -> dict[str, Any]:
        """The agent's own transitions, and which recording stands beside them."""
        return {"own": self.own.state_dict(), "digest": self.digest}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state of the same shape; says so where the recording is another one."""
        self.own.load_state_dict(state["own"])
        same = state["digest"] == self.digest
        return [] if same else ["not exact: the demonstrations are others than those that the training began with"]
