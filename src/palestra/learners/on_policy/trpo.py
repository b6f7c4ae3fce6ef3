r"""Trust region policy optimisation (Schulman et al. 2015, https://arxiv.org/abs/1502.05477).

Collect T steps from E environments, estimate advantages, then take the step that gains most to first order among those
that stay within delta of the old policy:

    maximise E[r A]   subject to   E[KL(pi_old || pi)] <= delta,     r = pi / pi_old                            (eq. 14)

To second order the constraint is s' F s / 2 <= delta with F the Fisher matrix, so that s points along F^-1 g. The
values are fitted apart, by epochs of minibatches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.learners.on_policy.experience import Batch, Experience, regress
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.own import OURS, Networks
from palestra.ops.losses import standardised
from palestra.ops.trust_region import backtrack, conjugate_gradient


@dataclass(frozen=True)
class TRPOConfig(ActorCriticConfig):
    """Settings of TRPO."""

    num_steps: int = 256
    """T, steps of each environment in a rollout."""
    target_kl: float = 0.01
    """delta: how far, in nats, an iteration may move the policy on average over the states of its rollout."""
    cg_steps: int = 15
    """Products with the Fisher matrix that the conjugate gradient may use."""
    cg_damping: float = 0.1
    """Added to the diagonal of the Fisher matrix."""
    line_search_shrink: float = 0.8
    """Share of a rejected step that is tried next."""
    line_search_steps: int = 10
    """Steps tried; the policy stays where it is if all are rejected."""
    value_learning_rate: float = 1e-3
    """Of Adam, for the value network."""
    value_epochs: int = 10
    """Passes over each rollout to fit the values."""
    value_minibatch_size: int = 128
    """Samples of one gradient step of the value network."""
    max_grad_norm: float = 1e6
    """Gradients of the value loss are scaled down to this norm."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.target_kl > 0, f"target_kl={self.target_kl}", "a positive number")
        for name in ("cg_steps", "line_search_steps", "value_epochs", "value_minibatch_size"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.cg_damping >= 0, f"cg_damping={self.cg_damping}", "0 or more")
        require(0 < self.line_search_shrink < 1, f"line_search_shrink={self.line_search_shrink}", "between 0 and 1")
        require(
            self.value_learning_rate > 0,
            f"value_learning_rate={self.value_learning_rate}",
            "a positive number",
        )


class TRPO(Agent, Learner):
    """TRPO for Discrete, MultiDiscrete, MultiBinary and Box actions."""

    name = "trpo"
    config_type = TRPOConfig
    saves = ("experience", "nets", "optimizer", "shuffling")
    derives = ("parameters", "theta_D")
    config: TRPOConfig

    def __init__(
        self, source: Given, config: TRPOConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own = self.config, networks.names()
        self.experience = Experience(self.world, c, seed=seed, device=self.device)
        self.env = self.experience.interaction.env
        self.policy = self.nets = ActorCritic(self.env, c, seed=seed, device=self.device, own=networks)
        self.modules = self.nets.networks
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)
        learns = [self.nets.actor, self.nets.head, self.nets.encoder]  # an encoder learns with the policy alone
        self.parameters = [p for net in learns for p in net.parameters()]
        self.theta_D = flatten_parameters(learns)
        self.optimizer = ClippedAdam([self.nets.value], c.value_learning_rate, 1e-5, c.max_grad_norm)

    def step(self) -> Metrics:
        """One iteration: a rollout, one step of the policy, and epochs of minibatches for the values."""
        batch = self.experience.collect(self.nets)
        self.clock += len(batch.action_B)
        metrics = self.update(batch)
        if batch.unscaled_BF is not None and self.nets.obs_norm is not None:
            # After the update: within an iteration both policies see the same inputs.
            self.nets.obs_norm.update(batch.unscaled_BF)
        return {**self.experience.interaction.episodes.metrics(), **metrics}

    def update(self, batch: Batch) -> Metrics:
        """One step of the policy on a batch of samples, then the values."""
        c = self.config
        metrics = self.improve_policy(batch)
        with torch.no_grad():
            features_BF = self.nets.encode(batch.obs_BF)
        value_loss = regress(
            [(self.nets.value, features_BF)], batch.return_B, self.optimizer,
            num_epochs=c.value_epochs, minibatch_size=c.value_minibatch_size, generator=self.shuffling,
        )  # fmt: skip
        return {
            **metrics,
            "train/value_loss": value_loss,
            "train/explained_variance": float(batch.explained_variance),
        }

    def improve_policy(self, b: Batch) -> Metrics:
        """The step of the policy; the divergence from the old one is at most ``target_kl`` afterwards."""
        c = self.config
        advantage_B = standardised(b.advantage_B) if c.normalize_advantage else b.advantage_B
        batch = self.nets.shifted(b.obs_BF)  # the same pictures for both policies
        out_BK = self.nets.allowed(self.nets.actor(self.nets.encode(batch)), batch)
        frozen_BK = self.nets.head.frozen(out_BK)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_B)
        old_log_prob_B = log_prob_B.detach()
        gain = ((log_prob_B - old_log_prob_B).exp() * advantage_B).mean()  # eq. 14: E[r A]
        gradient_D = _flat(torch.autograd.grad(gain, self.parameters, retain_graph=True)).detach()
        product = self.fisher_product(frozen_BK, out_BK)
        direction_D = conjugate_gradient(product, gradient_D, max_steps=c.cg_steps)  # appendix C: F^-1 g
        # The longest s along the direction with s' F s / 2 <= delta.
        curvature = direction_D.dot(product(direction_D)).clamp(min=1e-12)
        longest_D = (2.0 * c.target_kl / curvature).sqrt() * direction_D  # appendix C
        old_D, old_gain = self.theta_D.clone(), float(gain.detach())
        kl = 0.0

        @torch.no_grad()
        def accepts(fraction: float) -> bool:
            nonlocal kl
            self.theta_D.copy_(old_D + fraction * longest_D)
            new_BK = self.nets.allowed(self.nets.actor(self.nets.encode(batch)), batch)
            kl = float(self.nets.head.kl(frozen_BK, new_BK).mean())
            new_log_prob_B = self.nets.head.log_prob(new_BK, b.action_B)
            new_gain = float(((new_log_prob_B - old_log_prob_B).exp() * advantage_B).mean())
            return kl <= c.target_kl and new_gain > old_gain  # not so for nan

        fraction = backtrack(accepts, shrink=c.line_search_shrink, max_steps=c.line_search_steps)
        if fraction == 0.0:
            self.theta_D.copy_(old_D)
            kl = 0.0
        with torch.no_grad():
            now_BK = self.nets.allowed(self.nets.actor(self.nets.encode(batch)), batch)
            entropy = float(self.nets.head.entropy(now_BK).mean())
        return {
            "train/policy_loss": -old_gain,
            "train/kl": kl,
            "train/step_fraction": fraction,
            "train/entropy": entropy,
        }

    def fisher_product(self, frozen_BK: Tensor, out_BK: Tensor) -> Callable[[Tensor], Tensor]:
        """X (D,) to (F + damping I) x, where F is the Hessian of E[KL(pi_old || pi)] at pi_old: the Fisher matrix.

        Args:
            frozen_BK: the old distributions.
            out_BK: the policy's outputs at the same parameters, with their graph.
        """
        kl = self.nets.head.kl(frozen_BK, out_BK).mean()
        slope_D = _flat(torch.autograd.grad(kl, self.parameters, create_graph=True))

        def product(x_D: Tensor) -> Tensor:
            # The gradient of grad KL . x is H x: no matrix is ever made (appendix C.1).
            image_D = _flat(torch.autograd.grad(slope_D.dot(x_D), self.parameters, retain_graph=True))
            return image_D + self.config.cg_damping * x_D

        return product


def _flat(tensors: tuple[Tensor, ...]) -> Tensor:
    """Many tensors as one vector."""
    return torch.cat([t.flatten() for t in tensors])
