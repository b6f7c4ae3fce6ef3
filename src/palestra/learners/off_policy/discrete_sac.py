r"""Soft actor-critic for discrete actions (Christodoulou 2019, https://arxiv.org/abs/1910.07207).

What SAC estimates from one sampled action is here an exact sum over all of them:

    V(s) = sum_a pi(a|s) (min_i Q'_i(s, a) - alpha log pi(a|s))                                          (eq. 10)
    y = r + gamma V(s'),    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                        (as in SAC)
    J(phi) = E[sum_a pi(a|s) (alpha log pi(a|s) - min_i Q_i(s, a))]                                      (eq. 12)
    J(alpha) = E[sum_a -alpha pi(a|s) (log pi(a|s) + H)],  H the entropy to hold                         (eq. 11)
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.engine.policy import Choice, Policy
from palestra.envs.masks import ActionMask
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.off_policy.actions import DiscreteActions
from palestra.learners.off_policy.replaying import ReplayLoop
from palestra.learners.off_policy.seeing import Seen, seen
from palestra.learners.off_policy.temperature import SoftConfig, SoftLearned, Temperature
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import EncoderName
from palestra.nets.ensemble import Ensemble
from palestra.nets.own import OURS, Networks, OwnEnsemble, own_encoder, own_ensemble
from palestra.nets.precision import Precision
from palestra.nets.targets import slow_copy
from palestra.ops.categorical import categorical_sample
from palestra.ops.critic_losses import entropy_to_hold, squared_error
from palestra.ops.gather import gather
from palestra.ops.masks import masked_logits, uniform_choice
from palestra.ops.soft_value import mean_soft_value, soft_value


@dataclass(frozen=True)
class DiscreteSACConfig(SoftConfig):
    """Settings of discrete SAC."""

    target_entropy: float | None = None
    """H, nats to hold when alpha is learned; none for ``target_entropy_share`` of what uniform actions have."""
    target_entropy_share: float = 0.5
    """H as a share of log |A|, the entropy of uniform actions; the paper's 0.98 is nearly uniform."""

    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3), or flat for none: pixels one by one.
    Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share = self.target_entropy_share
        require(0 < share < 1, f"target_entropy_share={share}", "0 < target_entropy_share < 1")


class CategoricalPolicy(Policy):
    """Actions by their probabilities, softmax(f(s)).

    Args:
        actor: f, one network from features to A logits.
        actions: which there are.
        see: from observations (B, *obs_shape) to features (B, F).
        mask: where observations say which actions are allowed.
        seed: of the learner.
    """

    saves = ("generator",)
    derives = ("actor", "actions", "see")

    def __init__(
        self, actor: Ensemble | OwnEnsemble, actions: DiscreteActions, see: Callable[[Tensor], Tensor],
        mask: ActionMask | None, *, seed: int,
    ):  # fmt: skip
        self.actor, self.actions, self.see, self.mask = actor, actions, see, mask
        self.generator = seeding.generator(seed, "actions", device=actions.device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B,): the most probable, or a sample."""
        logits_BA = self._logits(seen)
        return logits_BA.argmax(1) if deterministic else categorical_sample(logits_BA, self.generator)

    def choice(self, seen: Tensor) -> Choice:
        """The most probable actions, and the logits (B, A)."""
        logits_BA = self._logits(seen)
        return Choice(logits_BA.argmax(1), "logit", logits_BA)

    def _logits(self, seen: Tensor) -> Tensor:
        return among(self.actor(self.see(seen))[0], None if self.mask is None else self.mask.of(seen))

    def explore(self, obs_E: Tensor) -> Tensor:
        """A sample (E,)."""
        return self.act(obs_E, deterministic=False)

    def random(self, obs_E: Tensor) -> Tensor:
        """Uniform actions (E,), of those that are allowed."""
        if self.mask is None:
            return self.actions.uniform(len(obs_E), self.generator)
        uniform_E = torch.rand(len(obs_E), generator=self.generator, device=obs_E.device)
        return uniform_choice(self.mask.of(obs_E), uniform_E)


def among(logits_BA: Tensor, valid_BA: Tensor | None) -> Tensor:
    """Logits of what is allowed, where that is not everything; the others have probability 0, and no derivative."""
    return logits_BA if valid_BA is None else masked_logits(logits_BA, valid_BA)


class DiscreteSAC(Agent, Learner):
    """SAC for Discrete actions."""

    name = "discrete-sac"
    config_type = DiscreteSACConfig
    config: DiscreteSACConfig
    policy: CategoricalPolicy
    saves = ("interaction", "modules", "actor_optimizer", "critic_optimizer", "policy", "loop")
    derives = ("encoder", "actor", "critics", "temperature", "target", "target_encoder", "slow")

    def __init__(
        self, source: Given, config: DiscreteSACConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "policy", "q")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.actions = DiscreteActions(self.env.action_space, self.name, instead="sac", device=self.device)
        held = f"warmup_hold={c.warmup_hold} in a world with an action mask"
        require(self.env.mask is None or c.warmup_hold == 1, held, "1: what is allowed changes with every step")
        space, init = self.env.observation_space, seeding.generator(seed, "weights")
        self.encoder = own_encoder(networks.encoder, own_seed, space, init, c.encoder, c.encoder_precision)
        features, outputs = self.encoder.num_features, self.actions.size
        sizes = [features, *c.hidden_sizes, outputs]
        self.actor = own_ensemble("policy", networks.policy, own_seed + 1, 1, sizes, init, c.precision)
        sizes = [features, *c.value_sizes, outputs]
        self.critics = own_ensemble("q", networks.q, own_seed + 2, 2, sizes, init, c.precision, c.normed_critics)
        self.target, self.target_encoder = slow_copy(self.critics), slow_copy(self.encoder)
        self.temperature = Temperature(c, target_entropy=c.target_entropy_share * math.log(self.actions.size))
        self.modules = nn.ModuleDict({
            "actor": self.actor, "critics": self.critics, "target": self.target, "temperature": self.temperature,
            "encoder": self.encoder, "target_encoder": self.target_encoder,
        }).to(self.device)  # fmt: skip
        self.actor_optimizer = ClippedAdam([self.actor, self.temperature], c.learning_rate)
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.slow = flatten_parameters([self.target, self.target_encoder])
        self.policy = CategoricalPolicy(self.actor, self.actions, self.encoder.see, self.env.mask, seed=seed)
        self.loop = ReplayLoop(self.world, self.interaction, self.actions, c, seed=seed, device=self.device)

    def facts(self) -> dict[str, Any]:
        """Its spaces, and the demonstrations that it learns from, if any."""
        return {**super().facts(), **self.loop.facts}

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        rollout = self.loop.gather(self.policy, self.clock)
        self.clock += rollout.reward.numel()
        metrics = self.interaction.episodes.metrics()
        if self.clock > self.config.learning_starts:
            metrics |= self.update()
        return metrics

    @torch.no_grad()
    def update(self) -> Metrics:
        """A round of gradient steps."""
        rate = self.config.learning_rate_at(self.budget_used)
        self.actor_optimizer.learning_rate = self.critic_optimizer.learning_rate = rate

        def learned(b: Transitions) -> SoftLearned:
            b = b.seen_by(self.encoder.to_batch)
            return self.gradient_step(seen(b, self.encoder, self.target_encoder), self.allowed(b))

        return self.loop.learn(learned)

    def allowed(self, b: Transitions) -> Tensor | None:
        """(B, A) bool: what the states allow and, below them, their successors; None where that is everything."""
        mask = self.env.mask
        return None if mask is None else torch.cat((mask.of(b.obs_BF), mask.of(b.next_obs_BF)))

    def gradient_step(self, b: Seen, valid_BA: Tensor | None = None) -> SoftLearned:
        """One step of the critics with the encoder, then of actor and temperature, then of the targets."""
        rows, obs_BF, t = len(b.obs_BF), b.obs_BF.detach(), self.temperature
        # One pass through the actor serves the states, of which it learns, and their successors.
        logits_1BA = self.actor.record(torch.cat((obs_BF, b.next_obs_BF)))
        log_prob_BA, next_log_prob_BA = F.log_softmax(among(logits_1BA[0].detach(), valid_BA), 1).split(rows)
        minus_entropy_B = (log_prob_BA.exp() * log_prob_BA).sum(1)
        alpha = t.log.detach().exp() if t.fixed is None else t.fixed
        out_MBA = self.critics.record(b.obs_BF)
        q_MB1 = gather(out_MBA, 2, b.action_B[:, None].expand(len(out_MBA), -1, 1))
        critic_loss = 0.5 * squared_error(q_MB1, self.targets(b, next_log_prob_BA, alpha))
        self.critic_optimizer.descend(critic_loss)
        loss = -mean_soft_value(logits_1BA, log_prob_BA, self.critics(obs_BF).amin(0), alpha)  # eq. 12
        if t.fixed is None:
            loss += entropy_to_hold(t.log, minus_entropy_B, self.entropy_held(valid_BA, rows))  # eq. 11
        self.actor_optimizer.descend(loss)
        self.slow.lerp_(self.critic_optimizer.flat, self.config.tau)
        return SoftLearned(critic_loss, q_MB1, minus_entropy_B, alpha)

    def entropy_held(self, valid_BA: Tensor | None, rows: int) -> Tensor | float:
        """H, by default the same share of the entropy that uniform actions have among those that are allowed."""
        c = self.config
        if valid_BA is None or c.target_entropy is not None:
            return self.temperature.target_entropy
        return c.target_entropy_share * valid_BA[:rows].sum(1).clamp(min=1).log().mean()

    def targets(self, b: Seen, next_log_prob_BA: Tensor, alpha: Tensor) -> Tensor:
        """Y (B,), with the soft value of the policy; the smaller of two critics is believed (eq. 10)."""
        next_q_BA = self.target(b.slow_next_obs_BF).amin(0)
        next_value_B = soft_value(next_log_prob_BA, next_q_BA, alpha)
        return torch.addcmul(b.return_B, b.discount_B, next_value_B)
