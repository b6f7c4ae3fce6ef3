"""History: the latest steps of episodes that are under way, for what acts by more than it sees now."""

import torch
from torch import Tensor

from palestra.data.trajectories import Window


class History:
    """The latest T steps of each of B episodes side by side, and what is still wanted of them.

    Each stands at places from 0 on, as in training; once they are T, the oldest one goes.

    Args:
        num: B.
        length: T.
        obs_size: F, numbers of an observation.
        action_size: numbers that stand for an action.
        target: the return that is wanted of every episode, or (B,) of those of each.
        device: where it is kept.
    """

    def __init__(
        self, num: int, length: int, obs_size: int, action_size: int, target: float | Tensor, device: torch.device
    ):
        self.length = length
        with torch.inference_mode(False):  # else it could not be written to where gradients are merely off
            self.rows = torch.arange(num, device=device)
            self.place = torch.zeros(num, dtype=torch.int64, device=device)
            self.age = torch.zeros_like(self.place)
            self.target = torch.as_tensor(target, dtype=torch.float32, device=device).expand(num)
            self.wanted = self.target.clone()
            self.window = Window(
                torch.zeros(num, length, device=device),
                torch.zeros(num, length, obs_size, device=device),
                torch.zeros(num, length, action_size, device=device),
                torch.zeros(num, length, dtype=torch.int64, device=device),
                torch.zeros(num, length, dtype=torch.bool, device=device),
            )

    def __len__(self) -> int:
        return len(self.rows)

    @torch.no_grad()
    def see(self, obs_BF: Tensor) -> tuple[Window, Tensor]:
        """What is seen now, before anything is done: the steps up to here, and (B,) the place of this one.

        It takes the place of what was seen before if nobody has ``told`` what came of that.
        """
        at = (self.rows, self.place)
        for column, now in zip(self.window, (self.wanted, obs_BF, None, self.age, torch.ones_like(self.place))):
            if now is not None:
                column[at] = now.to(column.dtype)
        self.window.action[at] = 0.0
        until = int(self.place.max()) + 1
        return Window(*(column[:, :until] for column in self.window)), self.place

    @torch.no_grad()
    def told(self, action_BK: Tensor, reward_B: Tensor, done_B: Tensor) -> None:
        """What was done there, what it paid, and which episodes ended with it, so that others begin."""
        self.window.action[self.rows, self.place] = action_BK
        self.wanted -= reward_B
        self.age += 1
        self.place += 1
        full = self.place == self.length
        if full.any():
            for column in self.window:
                column[full] = column[full].roll(-1, 1)
            self.place[full] -= 1
        self.place[done_B], self.age[done_B], self.wanted[done_B] = 0, 0, self.target[done_B]
        self.window.known[done_B] = False
