r"""Advantage actor-critic (Mnih et al. 2016, https://arxiv.org/abs/1602.01783), its workers in step with one another.

Collect a few steps from E environments and take one gradient step on all of them together:

    L(theta) = -E[A log pi(a | s)] + c1 E[(V - G)^2] - c2 E[H(pi)]     (section 4, the workers' gradients averaged)

With ``gae_lambda=1`` A is the n-step return less the value, as in the paper.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch

from palestra.engine.learner import Metrics
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, Batch, SeeingConfig
from palestra.nets.optimizer import ClippedAdam, ClippedRMSprop
from palestra.ops.losses import value_loss, value_loss_gradient
from palestra.ops.schedules import linear
from palestra.ops.statistics import explained_variance, standardised


@dataclass(frozen=True)
class A2CConfig(SeeingConfig):
    """Settings of A2C."""

    num_steps: int = 5
    """T, steps of each environment in a rollout."""
    gae_lambda: float = 1.0
    """Trace decay of the advantage estimate."""
    normalize_advantage: bool = False
    """Give the advantages that a gradient is made of mean 0 and standard deviation 1."""
    learning_rate: float = 7e-4
    """Of the optimizer."""
    learning_rate_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    """rmsprop (TensorFlow's form, as in the paper's code) or adam."""
    value_coef: float = 0.5
    """c1, weight of the value loss."""
    entropy_coef: float = 0.0
    """c2, weight of the entropy bonus."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")


class A2C(ActorCritic):
    """A2C for Discrete, MultiDiscrete and Box actions."""

    name = "a2c"
    config_type = A2CConfig
    config: A2CConfig

    def __init__(self, env: Any, config: A2CConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c = self.config
        kind = {"rmsprop": ClippedRMSprop, "adam": ClippedAdam}[c.optimizer]
        self.optimizer = kind([self._modules], c.learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a short rollout, then one gradient step on it."""
        rollout = self.rollout()
        return self.report(rollout, self.update(self.advantages(rollout)))

    def update(self, b: Batch) -> Metrics:
        """One gradient step on a batch of samples."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.progress)
        advantage_B = standardised(b.advantage_B) if c.normalize_advantage else b.advantage_B
        seen_BF = self.seen(b.obs_BF)
        policy, value = self.policy.record(seen_BF), self.value.record(seen_BF)
        log_prob_B = self.head.log_prob(policy.out, b.action_B)
        entropy = self.head.entropy(policy.out).mean()
        with torch.no_grad():
            policy_loss = -(advantage_B * log_prob_B).mean()  # section 4
            to_log_prob_B = advantage_B * (-1.0 / len(advantage_B))
            value_B = value.out.squeeze(1)
            value_error = value_loss(value_B, b.return_B, b.value_B, None)
            to_value_B = c.value_coef * value_loss_gradient(value_B, b.return_B, b.value_B, None)
        # section 4: the loss above, by its derivatives
        outputs, gradients = [log_prob_B, value.out], [to_log_prob_B, to_value_B[:, None]]
        if c.entropy_coef:
            outputs.append(-c.entropy_coef * entropy)
            gradients.append(torch.ones_like(entropy))
        self.optimizer.descend(outputs, gradients, (policy, value))
        figures = {
            "train/policy_loss": policy_loss,
            "train/value_loss": value_error,
            "train/entropy": entropy,
            "train/explained_variance": explained_variance(b.value_B, b.return_B),
        }
        return {name: float(figure.detach()) for name, figure in figures.items()}

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {**super().state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        self.optimizer.load_state_dict(state["optimizer"])
        return super().load_state_dict(state)
