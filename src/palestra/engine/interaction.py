"""A world that an agent lives in while it learns: its copies, what they show, and the episodes under way."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from palestra.data.episodes import EpisodeTracker
from palestra.data.rollout import Report, Rollout, collect
from palestra.engine import seeding
from palestra.envs.world import World


class Interaction:
    """The copies of a world, and where they stand.

    Args:
        world: which, and how many copies.
        seed: of the learner; the environments have a seed of their own that derives from it.
        device: where the tensors live.
    """

    def __init__(self, world: World, *, seed: int, device: torch.device | str = "cpu"):
        self.env = world.make(device=device)
        """The copies."""
        self.episodes = EpisodeTracker(self.env.num_envs)
        """Returns and lengths of what has ended lately."""
        self.obs = self.env.reset(seeding.derive(seed, "environment"))
        """(E, *obs_shape) to act on next."""
        self.restarted_E = torch.zeros(self.env.num_envs, dtype=torch.bool)
        """Copies that began a new episode at the last resume, since theirs could not be restored."""

    @property
    def num_envs(self) -> int:
        """E, the number of copies."""
        return self.env.num_envs

    def begin(self, seed: int) -> None:
        """Begin again, before anything was played, as a learner of another seed had begun."""
        self.obs = self.env.reset(seeding.derive(seed, "environment"))

    def collect(
        self, act: Callable[[Tensor], Tensor], num_steps: int, to_env: Callable[[Tensor], Tensor] | None = None,
        told: Callable[[Tensor, Tensor, Tensor], None] | None = None,
    ) -> Rollout:  # fmt: skip
        """Act for ``num_steps`` steps in every copy, as :func:`palestra.data.rollout.collect`, and account for them."""
        reports: list[Report] = []
        rollout, self.obs = collect(self.env, act, self.obs, num_steps, to_env=to_env, reports=reports, told=told)
        self.episodes.add(rollout.reward, rollout.done, reports)
        return rollout

    def state_dict(self) -> dict[str, Any]:
        """Of the copies and of the unfinished episodes; what is observed next comes from the copies."""
        return {"env": self.env.state_dict(), "episodes": self.episodes.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state; says how many copies could not be restored and began a new episode."""
        self.episodes.load_state_dict(state["episodes"])
        self.obs, self.restarted_E = self.env.load_state_dict(state["env"])
        self.episodes.restart(self.restarted_E)
        count = int(self.restarted_E.sum())
        if count == 0:
            return []
        return [f"not exact: {count} of {self.num_envs} environments cannot be restored and began a new episode"]

    def close(self) -> None:
        """Release the copies and their processes."""
        self.env.close()
