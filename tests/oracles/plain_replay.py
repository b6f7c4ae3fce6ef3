"""The readable twin of the replay ring: every observation and every successor whole, in an array each."""

import numpy as np
import torch
from gymnasium import spaces
from torch import Generator, Tensor

from palestra.data.replay import Transitions
from palestra.data.ring import write_ring
from palestra.data.rollout import Rollout
from palestra.errors import require
from palestra.ops.returns import nstep_target


class PlainReplay:
    """The last ``capacity`` transitions, kept as rows of E in the order in which they happened.

    Args:
        capacity: transitions in all; rounded down to whole rows of E.
        num_envs: E.
        obs_space: of one observation; images stay uint8.
        action_shape: of one action.
        action_dtype: of an action.
        device: where it is kept.
    """

    def __init__(
        self,
        capacity: int,
        num_envs: int,
        obs_space: spaces.Box,
        action_shape: tuple[int, ...],
        action_dtype: torch.dtype,
        device: torch.device,
    ):
        require(
            capacity >= num_envs, f"buffer_size={capacity} with num_envs={num_envs}", "at least one row of num_envs"
        )
        self.num_rows, self.num_envs = capacity // num_envs, num_envs
        self.size = self._head = 0
        shape = (self.num_rows, num_envs)
        obs_dtype = torch.uint8 if obs_space.dtype == np.uint8 else torch.float32
        self._fields = Rollout(
            obs=torch.empty(*shape, *obs_space.shape, dtype=obs_dtype, device=device),
            action=torch.empty(*shape, *action_shape, dtype=action_dtype, device=device),
            reward=torch.empty(shape, device=device),
            terminated=torch.empty(shape, dtype=torch.bool, device=device),
            truncated=torch.empty(shape, dtype=torch.bool, device=device),
            next_obs=torch.empty(*shape, *obs_space.shape, dtype=obs_dtype, device=device),
        )
        self._flat = Rollout(*(field.flatten(0, 1) for field in self._fields))

    def __len__(self) -> int:
        return self.size * self.num_envs

    def add(self, rollout: Rollout) -> None:
        """Append T rows (T at most the number of rows), over the oldest ones when full."""
        steps = len(rollout.reward)
        require(steps <= self.num_rows, f"a rollout of {steps} steps", f"at most {self.num_rows}, the buffer's rows")
        write_ring(self._fields, rollout, self._head)
        self._head = (self._head + steps) % self.num_rows
        self.size = min(self.size + steps, self.num_rows)

    def newest(self, steps: int) -> Tensor:
        """Where the last T rows lie, (T * E,) int64, as ``take`` counts."""
        capacity = self.num_rows * self.num_envs
        end = self._head * self.num_envs + capacity
        return torch.arange(end - steps * self.num_envs, end, device=self._flat.reward.device) % capacity

    def sample(self, num: int, generator: Generator, *, n_step: int = 1, gamma: float) -> Transitions:
        """Draw ``num`` transitions uniformly, with replacement; see ``take``."""
        require(self.size > 0, "a sample of an empty replay buffer", "at least one transition in it")
        device = self._flat.reward.device
        return self.take(
            torch.randint(len(self), (num,), generator=generator, device=device), n_step=n_step, gamma=gamma
        )

    def take(self, index_B: Tensor, *, n_step: int = 1, gamma: float) -> Transitions:
        """The transitions at ``row * E + environment`` (B,), each with the n-step return that begins there.

        A window ends early where its episode does, or at the newest row; it then bootstraps from there.
        """
        if n_step == 1:
            return_B = self._flat.reward.index_select(0, index_B)
            discount_B = gamma * (~self._flat.terminated.index_select(0, index_B)).float()
            last_index_B = index_B
        else:
            return_B, discount_B, last_index_B = self._windows(index_B, n_step, gamma)
        return Transitions(
            self._flat.obs.index_select(0, index_B),
            self._flat.action.index_select(0, index_B),
            return_B,
            discount_B,
            self._flat.next_obs.index_select(0, last_index_B),
        )

    def _windows(self, index_B: Tensor, n_step: int, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
        row_B, env_B = index_B // self.num_envs, index_B % self.num_envs
        ahead_N = torch.arange(n_step, device=index_B.device)
        row_BN = (row_B[:, None] + ahead_N) % self.num_rows
        index_BN = row_BN * self.num_envs + env_B[:, None]
        newest_row = (self._head - 1) % self.num_rows
        until_newest_B = (newest_row - row_B) % self.num_rows
        terminated_BN = self._flat.terminated[index_BN]
        done_BN = terminated_BN | self._flat.truncated[index_BN] | (ahead_N >= until_newest_B[:, None])
        return_B, discount_B, last_B = nstep_target(self._flat.reward[index_BN], terminated_BN, done_BN, gamma)
        return return_B, discount_B, index_BN.gather(1, last_B[:, None]).squeeze(1)

    def cut(self, restarted_E: Tensor) -> None:
        """Mark the newest transition of environments (E,) bool as cut: what follows belongs to another episode."""
        if self.size:
            row = (self._head - 1) % self.num_rows
            self._fields.truncated[row] |= restarted_E & ~self._fields.terminated[row]
