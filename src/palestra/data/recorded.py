"""Recorded episodes to learn values from: one copy of the world, whose episodes were played one after the other."""

from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from palestra.data.replay import ReplayBuffer
from palestra.data.rollout import Rollout
from palestra.datasets.episodes import Episodes


def recorded_rollout(episodes: Episodes, action_N: Tensor) -> Rollout:
    """N steps (N, 1, ...) where their actions are kept.

    Args:
        episodes: what was recorded.
        action_N: (N, ...) what was done, in the form in which it is to be remembered.
    """
    device = action_N.device
    obs, final_obs = (torch.from_numpy(x).to(device) for x in (episodes.observations, episodes.final_observations))
    next_obs = obs.roll(-1, 0)
    next_obs[torch.from_numpy(episodes.ends - 1).to(device)] = final_obs
    outcome = (torch.from_numpy(x).to(device) for x in (episodes.rewards, episodes.terminated, episodes.truncated))
    return Rollout(*(x[:, None] for x in (obs, action_N, *outcome, next_obs)))


class RecordedReplay(ReplayBuffer):
    """A replay ring that holds recorded episodes and nothing else.

    Nothing in it ever changes, so its state is what tells it from others: the digest of what was recorded.

    Args:
        episodes: what was recorded.
        action_N: (N, ...) what was done, in the form in which it is to be remembered.
        obs_space: of one observation.
    """

    def __init__(self, episodes: Episodes, action_N: Tensor, obs_space: spaces.Box):
        steps, *shape = action_N.shape
        super().__init__(steps, 1, obs_space, tuple(shape), action_N.dtype, action_N.device)
        self.add(recorded_rollout(episodes, action_N))
        self.digest, self.env, self.best_return = episodes.digest, str(episodes.facts["env"]), episodes.returns.max()

    @property
    def facts(self) -> dict[str, Any]:
        """For the record of a training: which they are."""
        return {"env": self.env, "steps": len(self), "sha256": self.digest, "best_return": float(self.best_return)}

    def state_dict(self) -> dict[str, Any]:
        """What they are known by."""
        return {"digest": self.digest}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:  # type: ignore[override]
        """Nothing to restore; says so where they are not those that a training began with."""
        same = state["digest"] == self.digest
        return [] if same else ["not exact: the recorded episodes are others than those that the training began with"]
