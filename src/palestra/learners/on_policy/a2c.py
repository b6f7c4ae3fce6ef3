r"""Advantage actor-critic (Mnih et al. 2016, https://arxiv.org/abs/1602.01783), its workers in step with one another.

Collect a few steps from E environments and take one gradient step on all of them together:

    L(theta) = -E[A log pi(a | s)] + c1 E[(V - G)^2] - c2 E[H(pi)]     (section 4, the workers' gradients averaged)

With ``gae_lambda=1`` A is the n-step return less the value, as in the paper.
"""

from dataclasses import dataclass
from typing import Literal

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.learners.on_policy.experience import Batch, Experience
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.own import OURS, Networks
from palestra.nets.rmsprop import ClippedRMSprop
from palestra.ops.losses import policy_gradient, standardised, value_error
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class A2CConfig(ActorCriticConfig):
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


class A2C(Agent, Learner):
    """A2C for Discrete, MultiDiscrete, MultiBinary and Box actions."""

    name = "a2c"
    config_type = A2CConfig
    saves = ("experience", "nets", "optimizer", "shuffling")
    config: A2CConfig

    def __init__(
        self, source: Given, config: A2CConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own = self.config, networks.names()
        self.experience = Experience(self.world, c, seed=seed, device=self.device)
        self.env = self.experience.interaction.env
        self.policy = self.nets = ActorCritic(self.env, c, seed=seed, device=self.device, own=networks)
        self.modules = self.nets.networks
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        kind = {"rmsprop": ClippedRMSprop, "adam": ClippedAdam}[c.optimizer]
        self.optimizer = kind([self.nets.networks], c.learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a short rollout, then one gradient step on it."""
        batch = self.experience.collect(self.nets)
        self.clock += len(batch.action_B)
        metrics = self.update(batch)
        if batch.unscaled_BF is not None and self.nets.obs_norm is not None:
            # After the update: within an iteration both policies see the same inputs.
            self.nets.obs_norm.update(batch.unscaled_BF)
        return {**self.experience.interaction.episodes.metrics(), **metrics}

    def update(self, b: Batch) -> Metrics:
        """One gradient step on a batch of samples."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        advantage_B = standardised(b.advantage_B) if c.normalize_advantage else b.advantage_B
        seen_BF = self.nets.encode_to_learn(b.obs_BF) if self.nets.encoder.learns else b.obs_BF
        out_BK, value_B1 = self.nets.actor.record(seen_BF), self.nets.value.record(seen_BF)  # section 4: pi, V
        out_BK = self.nets.allowed(out_BK, b.obs_BF)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_B)
        policy_loss = policy_gradient(log_prob_B, advantage_B)  # section 4: -E[A log pi]
        value_loss = value_error(value_B1, b.return_B)  # section 4: E[(V - G)^2]
        entropy = self.nets.head.entropy(out_BK).mean()  # section 4: E[H(pi)]
        bonus = c.entropy_coef * entropy if c.entropy_coef else 0.0
        self.optimizer.descend(policy_loss + c.value_coef * value_loss - bonus)  # section 4: L
        figures = {
            "train/policy_loss": policy_loss.value,
            "train/value_loss": value_loss.value,
            "train/entropy": entropy,
            "train/explained_variance": b.explained_variance,
        }
        return {name: float(figure.detach()) for name, figure in figures.items()}
