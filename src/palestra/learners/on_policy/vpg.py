r"""REINFORCE and the vanilla policy gradient (Williams 1992; Sutton et al. 2000; Schulman et al. 2016, section 2).

Collect T steps from E environments and take one step of the policy along

    g = E[ sum_t Phi_t grad log pi(a_t | s_t) ]                                        (Schulman et al. 2016, eq. 1)

What the actions are weighed by, Phi, is a choice: the return of the whole episode, the reward to go (REINFORCE), that
less a baseline, the action value, the advantage, the TD residual, or generalised advantage estimation. An episode that
goes on beyond the rollout, or is cut by its time limit, ends in the value of the state where it was left.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.engine import seeding
from palestra.engine.learner import Metrics
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig, Batch, regress
from palestra.nets.mlp import MLP
from palestra.nets.optimizer import ClippedAdam
from palestra.ops.phi import Phi, policy_gradient_weight
from palestra.ops.schedules import linear
from palestra.ops.statistics import explained_variance, standardised


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


class VPG(ActorCritic):
    """REINFORCE and its family for Discrete, MultiDiscrete and Box actions."""

    name = "vpg"
    config_type = VPGConfig
    config: VPGConfig

    def __init__(self, env: Any, config: VPGConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c = self.config
        critics = [self.value]
        if c.phi in ("q", "advantage"):  # Q(s, a), of observation and action side by side
            sizes = [self.value.weights[0].shape[1] + self.head.num_outputs, *c.hidden_sizes, 1]
            self.q = MLP(sizes, c.activation, seeding.generator(seed, "action values"), output_gain=1.0)
            self._modules["q"] = self.q.to(self.device)
            critics.append(self.q)
        self.optimizer = ClippedAdam([self.policy, self.head], c.learning_rate, 1e-5, c.max_grad_norm)
        self.value_optimizer = ClippedAdam(critics, c.value_learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a rollout, one step of the policy, and epochs of minibatches for the critics."""
        rollout = self.rollout()
        return self.report(rollout, self.update(self.advantages(rollout)))

    @torch.no_grad()
    def advantages(self, rollout: Rollout) -> Batch:
        """Phi in the place of the advantage, and the targets of the critics, flattened to samples."""
        c = self.config
        obs_BF, reward_TE, value_TE, next_value_TE = self.values(rollout)
        action_B = rollout.action.flatten(0, 1)
        q_TE = value_TE
        if c.phi in ("q", "advantage"):
            q_TE = self.q(self._state_action(obs_BF, action_B)).view_as(value_TE)
        weight_TE, target_TE = policy_gradient_weight(
            c.phi, reward_TE, value_TE, next_value_TE, rollout.terminated, rollout.done, q_TE,
            gamma=c.gamma, gae_lambda=c.gae_lambda,
        )  # fmt: skip
        return Batch(obs_BF, action_B, value_TE.flatten(), weight_TE.flatten(), target_TE.flatten())

    def _state_action(self, obs_BF: Tensor, action_B: Tensor) -> Tensor:
        """Inputs of the action-value network."""
        return torch.cat((obs_BF, self.head.encoded(action_B)), 1)

    def update(self, b: Batch) -> Metrics:
        """One step of the policy on a batch of samples, then the critics."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.progress)
        # eq. 1, from the weight on
        phi_B = standardised(b.advantage_B) if c.normalize_advantage else b.advantage_B
        policy = self.policy.record(b.obs_BF)
        log_prob_B = self.head.log_prob(policy.out, b.action_B)
        entropy = self.head.entropy(policy.out).mean()
        policy_loss = -(phi_B * log_prob_B).mean()  # eq. 1: its gradient is -g
        self.optimizer.minimise(policy_loss - c.entropy_coef * entropy, (policy,))
        critics = [(self.value, b.obs_BF)]
        if c.phi in ("q", "advantage"):
            critics.append((self.q, self._state_action(b.obs_BF, b.action_B)))
        value_error = regress(
            critics, b.return_B, self.value_optimizer,
            num_epochs=c.value_epochs, minibatch_size=c.value_minibatch_size, generator=self.shuffling,
        )  # fmt: skip
        return {
            "train/policy_loss": float(policy_loss.detach()),
            "train/value_loss": value_error,
            "train/entropy": float(entropy.detach()),
            "train/explained_variance": float(explained_variance(b.value_B, b.return_B)),
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        optimizers = {"optimizer": self.optimizer, "value_optimizer": self.value_optimizer}
        return {**super().state_dict(), **{name: o.state_dict() for name, o in optimizers.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.value_optimizer.load_state_dict(state["value_optimizer"])
        return super().load_state_dict(state)
