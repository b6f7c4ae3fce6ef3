"""Chunks: actions that are meant for some steps to come, of episodes under way side by side.

Who predicts a chunk in every step does the mean of what all of them meant for it (Zhao et al. 2023, algorithm 2). What
was done is known once somebody has ``told``; who asks twice without doing anything asks the same.
"""

from typing import ClassVar

import torch
from torch import Tensor


class Ensembled:
    """The latest chunks of each of E episodes, one of every step, that have something to say of the present one.

    Args:
        num: E.
        horizon: T, actions of a chunk.
        size: A, numbers of an action.
        decay: m: the i-th of those that speak, the oldest first, has the weight exp(-m i).
        device: where they are kept.
    """

    saves: ClassVar[tuple[str, ...]] = ("made", "age")

    def __init__(self, num: int, horizon: int, size: int, decay: float, device: torch.device):
        self.decay, self.horizon = decay, horizon
        with torch.inference_mode(False):  # else it could not be written to where gradients are merely off
            self.made = torch.zeros(num, horizon, horizon, size, device=device)
            """(E, T, T, A) the chunks that were made 0, 1, ... steps ago."""
            self.age = torch.zeros(num, dtype=torch.int64, device=device)
            """(E,) how many there are before the present one, at most T - 1."""

    def __len__(self) -> int:
        return len(self.age)

    @torch.no_grad()
    def see(self, chunk: Tensor) -> Tensor:
        """(E, A) what to do now, by the chunks (E, T, A) of this step and by those before it."""
        self.made[:, 0] = chunk
        ago = torch.arange(self.horizon, device=chunk.device)
        meant = self.made[:, ago, ago]  # of the chunk of i steps ago the i-th action
        order = self.age[:, None] - ago  # 0 of the oldest
        weight = torch.where(order >= 0, torch.exp(-self.decay * order), 0.0)
        return (weight[..., None] * meant).sum(1) / weight.sum(1, keepdim=True)

    @torch.no_grad()
    def told(self, done: Tensor) -> None:
        """A step was done, and the episodes that ended with it, (E,) bool, make way for others."""
        self.made.copy_(self.made.roll(1, 1))
        self.age.add_(1).clamp_(max=self.horizon - 1)
        self.age[done] = 0
