"""Hindsight experience replay: what was reached by accident is taken for what was wanted.

Andrychowicz et al. 2017 (https://arxiv.org/abs/1707.01495), section 3.3, with goals of the kind "future": a goal that
was achieved later in the same episode takes the place of the one desired, and the transition is rewarded anew.
"""

from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout
from palestra.envs.vector import GoalSpec
from palestra.errors import require


class HindsightReplay(ReplayBuffer):
    """A replay ring whose samples have, in part, other goals than they had.

    Nothing but what happened is kept; goals are exchanged when a batch is drawn. An episode's later steps are found by
    the row of its last step, which is written into all of its rows when it ends; of one that still runs it is the
    newest row.

    Args:
        goal: where goals lie in an observation, and what achieving one of them is worth.
        share: of a batch that gets another goal; the paper's k = 4 for one as it was is 0.8.
        capacity, num_envs, obs_space, action_shape, action_dtype, device: as in :class:`ReplayBuffer`.
    """

    def __init__(
        self,
        goal: GoalSpec,
        share: float,
        capacity: int,
        num_envs: int,
        obs_space: spaces.Box,
        action_shape: tuple[int, ...],
        action_dtype: torch.dtype,
        device: torch.device,
    ):
        super().__init__(capacity, num_envs, obs_space, action_shape, action_dtype, device)
        self.goal, self.share = goal, share
        self._last = torch.full((self.num_rows, num_envs), -1, dtype=torch.int64, device=device)
        """Row of the last step of each transition's episode; -1 while it runs."""
        self._age_E = torch.zeros(num_envs, dtype=torch.int64, device=device)
        """Steps of the episode that runs."""

    def add(self, rollout: Rollout) -> None:
        """Append T rows, over the oldest ones when full, and note which episodes have ended."""
        first = self._head
        super().add(rollout)
        steps = torch.arange(len(rollout.reward), device=self._last.device)
        self._last[(first + steps) % self.num_rows] = -1
        # Steps since the beginning, or since the step before at which the environment's episode ended.
        ended_at_TE = torch.where(rollout.done, steps[:, None], -1 - self._age_E).cummax(0).values
        before_TE = torch.cat((-1 - self._age_E[None], ended_at_TE[:-1]))
        step_N, env_N = rollout.done.nonzero(as_tuple=True)
        written_over_N = steps[-1] - step_N  # rows that were older than the episode's end, and are newer now
        length_N = torch.minimum(step_N - before_TE[step_N, env_N], self.num_rows - written_over_N)
        self._close(first + step_N, env_N, length_N)
        self._age_E = steps[-1] - ended_at_TE[-1]

    def _close(self, row_N: Tensor, env_N: Tensor, length_N: Tensor) -> None:
        """Write into the last rows of N episodes, so many of each, at which row they ended."""
        which_M = torch.arange(len(row_N), device=row_N.device).repeat_interleave(length_N)
        back_M = torch.arange(len(which_M), device=row_N.device) - (length_N.cumsum(0) - length_N)[which_M]
        rows_M = row_N[which_M]
        self._last[(rows_M - back_M) % self.num_rows, env_N[which_M]] = rows_M % self.num_rows

    def cut(self, restarted_E: Tensor) -> None:
        """Mark the newest transition of environments (E,) bool as cut: what follows belongs to another episode."""
        super().cut(restarted_E)
        (env_N,) = (restarted_E & (self._age_E > 0)).nonzero(as_tuple=True)
        self._close(torch.full_like(env_N, self._head - 1), env_N, self._age_E[env_N].clamp(max=self.num_rows))
        self._age_E = self._age_E * ~restarted_E

    def sample(self, num: int, generator: Generator, *, n_step: int = 1, gamma: float) -> Transitions:
        """Draw ``num`` transitions uniformly, with replacement; the first ``share`` of them get another goal."""
        require(self.size > 0, "a sample of an empty replay buffer", "at least one transition in it")
        require(n_step == 1, f"n_step={n_step} with hindsight", "1: the rewards between depend on the goal too")
        device = self._last.device
        index_B = torch.randint(len(self), (num,), generator=generator, device=device)
        real = self.take(index_B, gamma=gamma)
        changed = round(self.share * num)
        if changed == 0:
            return real
        fraction_B = torch.rand(changed, generator=generator, device=device)
        goal_BG = self._achieved_later(index_B[:changed], fraction_B)
        obs_BF, next_obs_BF = real.obs_BF, real.next_obs_BF  # index_select has made them ours to write to
        obs_BF[:changed, self.goal.desired] = goal_BG
        next_obs_BF[:changed, self.goal.desired] = goal_BG
        reward_B, terminated_B = self.goal.reward(next_obs_BF[:changed, self.goal.achieved], goal_BG)
        return_B, discount_B = torch.cat((reward_B, real.return_B[changed:])), real.discount_B
        if terminated_B is not None:
            discount_B = torch.cat((gamma * (~terminated_B).float(), discount_B[changed:]))
        return real._replace(return_B=return_B, discount_B=discount_B)

    def _achieved_later(self, index_B: Tensor, fraction_B: Tensor) -> Tensor:
        """(B, G) what was achieved by a step of the same episode, this one or one after it, each as likely."""
        row_B, env_B = index_B // self.num_envs, index_B % self.num_envs
        last_B = self._last[row_B, env_B]
        last_B = torch.where(last_B < 0, (self._head - 1) % self.num_rows, last_B)
        count_B = (last_B - row_B) % self.num_rows + 1
        ahead_B = torch.minimum((fraction_B * count_B).long(), count_B - 1)  # rounding may reach the count
        later_B = (row_B + ahead_B) % self.num_rows
        return self._seen.next_obs(later_B * self.num_envs + env_B)[:, self.goal.achieved]

    def state_dict(self) -> dict[str, Any]:
        """The rows in use, where the next one goes, and where episodes ended."""
        return {**super().state_dict(), "last": self._last[: self.size], "age": self._age_E}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state of the same shape."""
        super().load_state_dict(state)
        self._last[: self.size] = state["last"].to(self._last.device)
        self._age_E = state["age"].to(self._last.device)
