"""Chunks: actions that are meant for some steps to come, of episodes under way side by side.

Who predicts a chunk at a time can do so much of it before the next one is made (``Receding``; Chi et al. 2023), or make
one in every step and do the mean of what all of them meant for it (``Ensembled``; Zhao et al. 2023, algorithm 2). What
was done is known once somebody has ``told``; who asks twice without doing anything asks the same.
"""

from typing import ClassVar

import torch
from torch import Generator, Tensor


class Receding:
    """A chunk for each of E episodes, of which so many actions are done before the next is made.

    What the next one is drawn by is there before it is made, so that making it is no matter of chance any more.

    Args:
        num: E.
        horizon: T, actions of a chunk.
        size: A, numbers of an action.
        execute: how many of a chunk are done, at most T.
        draws: L, random numbers for each number of a chunk.
        drawing: where chance comes from.
        alike: whether the same is drawn for all episodes.
    """

    saves: ClassVar[tuple[str, ...]] = ("plan", "place", "noise", "drawing")

    def __init__(
        self, num: int, horizon: int, size: int, execute: int, draws: int, drawing: Generator, alike: bool = False
    ):
        self.execute, self.drawing = min(execute, horizon), drawing
        with torch.inference_mode(False):  # else it could not be written to where gradients are merely off
            each = 1 if alike else num
            self.noise = torch.randn(each, draws, horizon, size, generator=drawing, device=drawing.device)
            """(E, L, T, A) standard normal numbers for the chunk that is due next."""
            self.noise = self.noise.repeat(num // each, 1, 1, 1)
            self.plan = torch.zeros_like(self.noise[:, 0])
            """(E, T, A) the chunks under way."""
            self.place = torch.zeros(num, dtype=torch.int64, device=drawing.device)
            """(E,) actions of the chunk that were done."""

    def __len__(self) -> int:
        return len(self.place)

    @property
    def due(self) -> Tensor:
        """The numbers of the episodes whose next action begins a chunk, which has to be ``put`` first."""
        return (self.place == 0).nonzero().squeeze(1)

    @torch.no_grad()
    def put(self, due: Tensor, chunk: Tensor) -> None:
        """New chunks (B, T, A) of the episodes of B numbers."""
        self.plan[due] = chunk

    def now(self) -> Tensor:
        """(E, A) the action of this step."""
        return self.plan[torch.arange(len(self), device=self.plan.device), self.place]

    @torch.no_grad()
    def told(self, done: Tensor) -> None:
        """A step was done, and the episodes that ended with it, (E,) bool, make way for others."""
        self.place += 1
        self.place[done | (self.place == self.execute)] = 0
        due = self.due
        self.noise[due] = torch.randn(len(due), *self.noise.shape[1:], generator=self.drawing, device=self.noise.device)


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
        with torch.inference_mode(False):
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
