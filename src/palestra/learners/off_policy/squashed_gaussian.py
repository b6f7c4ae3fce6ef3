"""A Gaussian policy squashed by tanh: what SAC and DrQ act by."""

from collections.abc import Callable

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.policy import Policy
from palestra.learners.off_policy.actions import BoxActions
from palestra.nets.ensemble import Ensemble
from palestra.nets.own import OwnEnsemble
from palestra.ops.squashed_gaussian import squashed


class SquashedGaussianPolicy(Policy):
    """a = tanh(mu(s) + sigma(s) eps); the greedy action is tanh(mu(s)).

    Args:
        actor: one network from features to A means and A logarithms of standard deviations.
        actions: their bounds.
        see: from observations (B, *obs_shape) to features (B, F).
        seed: of the learner.
    """

    saves = ("generator",)
    derives = ("actor", "actions", "see")

    def __init__(
        self, actor: Ensemble | OwnEnsemble, actions: BoxActions, see: Callable[[Tensor], Tensor], *, seed: int
    ):
        self.actor, self.actions, self.see = actor, actions, see
        self.generator = seeding.generator(seed, "actions", device=actions.low.device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds: the squashed mean, or a sample."""
        if not deterministic:
            return self.actions.to_env(self.explore(seen))
        mean_BA = self.actor(self.see(seen))[0, :, : self.actions.size]
        return self.actions.to_env(mean_BA.tanh())

    def explore(self, obs_E: Tensor) -> Tensor:
        """A sample (E, A) between -1 and 1."""
        noise_EA = torch.randn(len(obs_E), self.actions.size, generator=self.generator, device=obs_E.device)
        return squashed(self.actor(self.see(obs_E))[0], noise_EA).action_BA

    def random(self, obs_E: Tensor) -> Tensor:
        """Uniform actions (E, A) between -1 and 1."""
        return self.actions.uniform(len(obs_E), self.generator)
