r"""REINFORCE and the vanilla policy gradient (Williams 1992; Sutton et al. 2000; Schulman et al. 2016, section 2).

Collect T steps from E environments and take one step of the policy along

    g = E[ sum_t Phi_t grad log pi(a_t | s_t) ]                                        (Schulman et al. 2016, eq. 1)

What the actions are weighed by, Phi, is a choice: the return of the whole episode, the reward to go (REINFORCE), that
less a baseline, the action value, the advantage, the TD residual, or generalised advantage estimation. An episode that
goes on beyond the rollout, or is cut by its time limit, ends in the value of the state where it was left.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.learners.on_policy.experience import Batch, Experience, batch_of, regress
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.mlp import MLP
from palestra.nets.own import OURS, Networks
from palestra.ops.losses import policy_gradient, standardised
from palestra.ops.phi import Phi, policy_gradient_weight
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class VPGConfig(ActorCriticConfig):
    """Settings of the vanilla policy gradient."""

    num_steps: int = 256
    """T, steps of each environment in a rollout."""
    phi: Phi = "gae"
    """What weighs the actions: return, reward_to_go, baseline, q, advantage, td_residual or gae."""
    learning_rate: float = 3e-3
    """Of Adam, for the policy."""
    learning_rate_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget; of the policy."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_learning_rate: float = 1e-3
    """Of Adam, for the critics."""
    value_epochs: int = 10
    """Passes over each rollout to fit the critics."""
    value_minibatch_size: int = 256
    """Samples of one gradient step of the critics."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("learning_rate", "value_learning_rate"):
            require(getattr(self, name) > 0, f"{name}={getattr(self, name)}", "a positive number")
        for name in ("value_epochs", "value_minibatch_size"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")


class VPG(Agent, Learner):
    """REINFORCE and its family for Discrete, MultiDiscrete, MultiBinary and Box actions."""

    name = "vpg"
    config_type = VPGConfig
    saves = ("experience", "nets", "q", "optimizer", "value_optimizer", "shuffling")
    config: VPGConfig

    def __init__(
        self, source: Given, config: VPGConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own = self.config, networks.names()
        self.experience = Experience(self.world, c, seed=seed, device=self.device)
        self.env = self.experience.interaction.env
        self.policy = self.nets = ActorCritic(self.env, c, seed=seed, device=self.device, own=networks)
        self.modules = self.nets.networks
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        critics = [self.nets.value]
        self.q: MLP | None = None
        if c.phi in ("q", "advantage"):  # Q(s, a), of observation and action side by side
            sizes = [self.nets.encoder.num_features + self.nets.head.num_outputs, *c.value_sizes, 1]
            self.q = MLP(sizes, c.activation, seeding.generator(seed, "action values"), output_gain=1.0).to(self.device)
            critics.append(self.q)
        self.optimizer = ClippedAdam(
            [self.nets.actor, self.nets.head, self.nets.encoder], c.learning_rate, 1e-5, c.max_grad_norm
        )
        self.value_optimizer = ClippedAdam(critics, c.value_learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a rollout, one step of the policy, and epochs of minibatches for the critics."""
        batch = self.weighed(self.experience.rollout(self.nets))
        self.clock += len(batch.action_B)
        metrics = self.update(batch)
        if batch.unscaled_BF is not None and self.nets.obs_norm is not None:
            # After the update: within an iteration both policies see the same inputs.
            self.nets.obs_norm.update(batch.unscaled_BF)
        return {**self.experience.interaction.episodes.metrics(), **metrics}

    @torch.no_grad()
    def weighed(self, rollout: Rollout) -> Batch:
        """Phi in the place of the advantage, and the targets of the critics, flattened to samples."""
        c = self.config
        of = self.experience.valued(self.nets, rollout)
        q_TE = of.value_TE
        if self.q is not None:
            inputs = self._state_action(self.nets.encode(of.obs_BF), rollout.action.flatten(0, 1))
            q_TE = self.q(inputs).view_as(q_TE)
        weight_TE, target_TE = policy_gradient_weight(
            c.phi, of.reward_TE, of.value_TE, of.next_value_TE, rollout.terminated, rollout.done, q_TE,
            gamma=c.gamma, gae_lambda=c.gae_lambda,
        )  # fmt: skip
        return batch_of(of, rollout, weight_TE, target_TE)

    def _state_action(self, features_BF: Tensor, action_B: Tensor) -> Tensor:
        """Inputs of the action-value network."""
        return torch.cat((features_BF, self.nets.head.encoded(action_B)), 1)

    def update(self, b: Batch) -> Metrics:
        """One step of the policy on a batch of samples, then the critics."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        phi_B = standardised(b.advantage_B) if c.normalize_advantage else b.advantage_B  # eq. 1: Phi
        out_BK = self.nets.actor.record(self.nets.encode_to_learn(b.obs_BF))  # eq. 1: pi
        out_BK = self.nets.allowed(out_BK, b.obs_BF)
        policy_loss = policy_gradient(self.nets.head.log_prob(out_BK, b.action_B), phi_B)  # eq. 1: its derivative is -g
        entropy = self.nets.head.entropy(out_BK).mean()
        self.optimizer.descend(policy_loss - c.entropy_coef * entropy)  # one step along g, section 2
        with torch.no_grad():  # an encoder learns from the policy alone: critics take its features as given
            features_BF = self.nets.encode(b.obs_BF)
        critics = [(self.nets.value, features_BF)]
        if self.q is not None:
            critics.append((self.q, self._state_action(features_BF, b.action_B)))
        value_loss = regress(
            critics, b.return_B, self.value_optimizer,
            num_epochs=c.value_epochs, minibatch_size=c.value_minibatch_size, generator=self.shuffling,
        )  # fmt: skip
        return {
            "train/policy_loss": float(policy_loss.value),
            "train/value_loss": value_loss,
            "train/entropy": float(entropy.detach()),
            "train/explained_variance": float(b.explained_variance),
        }
