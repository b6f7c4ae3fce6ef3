"""Actions as whoever imitates them knows them: what a network says, how wrong that is, and the way into the world.

Choices are predicted by their log-probability. Numbers within bounds are stretched to -1 and 1. They are predicted by a
tanh, and compared by their squares: there is no chance in them, so a sample is the prediction itself. Or a mixture of
Gaussians is predicted, by its log-probability: several answers where one would be between those that were given.

    R  components of a mixture
"""

from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.engine.policy import Choice
from palestra.envs.masks import ActionMask
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.learners.off_policy.actions import BoxActions
from palestra.nets.heads import policy_head
from palestra.ops.masks import masked_logits
from palestra.ops.mixture import mixture_likeliest, mixture_log_prob, mixture_sample

LEAST_STD = 0.02
"""The least deviation of a component: with less, what hardly varies would be all that counts."""


class Numbers:
    """Actions of a Box with bounds.

    Args:
        space: UsageError for any other.
        algorithm: which cannot act in that one.
        env: where it acts.
    """

    def __init__(self, space: spaces.Space[Any], algorithm: str, env: VectorEnv):
        self.actions = BoxActions(space, algorithm, env.device)
        self.num_outputs = self.actions.size

    def encoded(self, action: Tensor) -> Tensor:
        """(B, *action_shape) within the bounds to (B, A) between -1 and 1, as inputs of a network."""
        return self.actions.from_env(action)

    def loss(self, out_BK: Tensor, action: Tensor, obs_BF: Tensor) -> Tensor:
        """(B,) mean squared errors between -1 and 1."""
        return (out_BK.tanh() - self.encoded(action)).square().mean(1)

    def choose(self, out_BK: Tensor, obs_BF: Tensor, generator: Generator | None) -> Tensor:
        """Actions (B, *action_shape) within the bounds."""
        return self.actions.to_env(out_BK.tanh())

    def choice(self, out_BK: Tensor, obs_BF: Tensor) -> Choice:
        """The same, by no numbers."""
        return Choice(self.choose(out_BK, obs_BF, None))


class Mixture(Numbers):
    """Actions of a Box with bounds, by a mixture of Gaussians: weights, means and deviations are what a network says.

    Args:
        space: UsageError for any other.
        algorithm: which cannot act in that one.
        env: where it acts.
        components: how many.
    """

    def __init__(self, space: spaces.Space[Any], algorithm: str, env: VectorEnv, components: int):
        super().__init__(space, algorithm, env)
        self.components = components
        self.num_outputs = components * (1 + 2 * self.actions.size)

    def parts(self, out_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of weights (B, R), means (B, R, A) between -1 and 1, and logarithms of deviations (B, R, A)."""
        sizes = [self.components, *2 * [self.components * self.actions.size]]
        logit_BR, mean_BK, std_BK = out_BK.split(sizes, 1)
        shape = (len(out_BK), self.components, self.actions.size)
        return logit_BR, mean_BK.tanh().reshape(shape), (F.softplus(std_BK) + LEAST_STD).log().reshape(shape)

    def loss(self, out_BK: Tensor, action: Tensor, obs_BF: Tensor) -> Tensor:
        """(B,) -log p of the actions taken, as numbers between -1 and 1."""
        return -mixture_log_prob(*self.parts(out_BK), self.encoded(action))

    def choose(self, out_BK: Tensor, obs_BF: Tensor, generator: Generator | None) -> Tensor:
        """Actions (B, *action_shape): the mean of the likeliest component, or with a generator samples, clipped."""
        logit_BR, mean_BRA, log_std_BRA = self.parts(out_BK)
        if generator is None:
            return self.actions.to_env(mixture_likeliest(logit_BR, mean_BRA))
        return self.actions.to_env(mixture_sample(logit_BR, mean_BRA, log_std_BRA, generator).clamp(-1.0, 1.0))


class Choices:
    """Actions of a Discrete, MultiDiscrete or MultiBinary space, of those that are allowed.

    Args:
        space: UsageError for any that has no policy.
        mask: where an observation says which are allowed, if it does.
    """

    def __init__(self, space: spaces.Space[Any], mask: ActionMask | None):
        self.head, self.mask = policy_head(space, 0.0), mask
        self.num_outputs = self.head.num_outputs

    def encoded(self, action: Tensor) -> Tensor:
        """(B, *action_shape) to ones and zeros (B, K), as inputs of a network."""
        return self.head.encoded(action)

    def loss(self, out_BK: Tensor, action: Tensor, obs_BF: Tensor) -> Tensor:
        """(B,) -log p of the actions taken."""
        return -self.head.log_prob(self._allowed(out_BK, obs_BF), action)

    def choose(self, out_BK: Tensor, obs_BF: Tensor, generator: Generator | None) -> Tensor:
        """Actions (B, *action_shape): the most likely ones, or with a generator samples."""
        out_BK = self._allowed(out_BK, obs_BF)
        return self.head.mode(out_BK) if generator is None else self.head.sample(out_BK, generator)

    def choice(self, out_BK: Tensor, obs_BF: Tensor) -> Choice:
        """The most likely actions, and the logits (B, K)."""
        out_BK = self._allowed(out_BK, obs_BF)
        return Choice(self.head.mode(out_BK), "logit", out_BK)

    def _allowed(self, out_BK: Tensor, obs_BF: Tensor) -> Tensor:
        return out_BK if self.mask is None else masked_logits(out_BK, self.mask.of(obs_BF))


def answers(env: VectorEnv, algorithm: str, components: int = 0) -> Numbers | Choices:
    """For the actions of an environment, of numbers by so many Gaussians if any; UsageError where there are none."""
    space = env.action_space
    if isinstance(space, spaces.Box):
        if components:
            return Mixture(space, algorithm, env, components)
        return Numbers(space, algorithm, env)
    require(components == 0, f"components={components} of {space}", "0: choices have probabilities of their own")
    return Choices(space, env.mask)
