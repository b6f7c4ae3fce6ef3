r"""Soft actor-critic with twin critics and automatic temperature (Haarnoja et al. 2018, https://arxiv.org/abs/1812.05905).

Maximise reward and entropy. The actor is a Gaussian squashed by tanh; of two critics the smaller is believed:

    y = r + gamma (min_i Q'_i(s', a') - alpha log pi(a'|s')),  a' ~ pi(.|s')                            (eq. 5, 6)
    J(theta_i) = E[(Q_i(s, a) - y)^2] / 2                                                                (eq. 5)
    J(phi) = E[alpha log pi(a|s) - min_i Q_i(s, a)],  a = tanh(mu(s) + sigma(s) eps)                     (eq. 9)
    J(alpha) = E[-alpha (log pi(a|s) + H)],  H the entropy to hold                                       (eq. 18)
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.off_policy.replaying import Figures, OffPolicy, OffPolicyConfig, make_target
from palestra.nets.ensemble import Ensemble
from palestra.nets.optimizer import ClippedAdam, flatten_parameters
from palestra.ops.distributions import SquashedSample, record_squashed_gaussian, squashed_gaussian_sample
from palestra.ops.losses import entropy_to_hold, mean, mean_of_least, squared_error
from palestra.ops.terms import Term


@dataclass(frozen=True)
class SACConfig(OffPolicyConfig):
    """Settings of SAC."""

    temperature: float | None = None
    """alpha, weight of the entropy; none to learn it."""
    initial_temperature: float = 1.0
    """alpha to begin with when it is learned."""
    target_entropy: float | None = None
    """H, nats to hold when alpha is learned; none for minus the number of action dimensions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require((self.temperature or 0) >= 0, f"temperature={self.temperature}", "none, or 0 or more")
        require(self.initial_temperature > 0, f"initial_temperature={self.initial_temperature}", "a positive number")


class SAC(OffPolicy):
    """SAC for Box actions with bounds."""

    name = "sac"
    config_type = SACConfig
    config: SACConfig

    def __init__(self, env: str | World, config: SACConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c, init = self.config, seeding.generator(seed, "weights")
        actor_sizes, critic_sizes = self.sizes()
        self.actor = Ensemble(1, actor_sizes, init, c.precision)
        self.critics = Ensemble(2, critic_sizes, init, c.precision)
        self.target = make_target(self.critics, Ensemble(2, critic_sizes, init, c.precision))
        self.log_temperature = nn.Parameter(torch.tensor(math.log(c.initial_temperature)))
        parts = {"actor": self.actor, "critics": self.critics, "target": self.target}
        self._modules = nn.ModuleDict(parts)
        self._modules.register_parameter("log_temperature", self.log_temperature)
        self._modules.to(self.device)
        # The temperature steps with the actor, though along a gradient of its own: Adam knows no neighbours.
        self.actor_optimizer = ClippedAdam([self.actor, nn.ParameterList([self.log_temperature])], c.learning_rate)
        self.critic_optimizer = ClippedAdam([self.critics], c.learning_rate)
        self.target_flat = flatten_parameters([self.target])
        self.target_entropy = self.default_entropy() if c.target_entropy is None else c.target_entropy

    def sizes(self) -> tuple[list[int], list[int]]:
        """Of the layers of actor and critics, from inputs to outputs."""
        features, hidden = self.num_features(), self.config.hidden_sizes
        return [features, *hidden, 2 * self.action_size], [features + self.action_size, *hidden, 1]

    def default_entropy(self) -> float:
        """H if the settings name none: minus the number of action dimensions."""
        return -float(self.action_size)

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    def optimizers(self) -> dict[str, ClippedAdam]:
        """Those of actor (with the temperature) and critics."""
        return {"actor": self.actor_optimizer, "critics": self.critic_optimizer}

    def sample(self, out_BK: Tensor, noise_BA: Tensor) -> SquashedSample:
        """Actions and log densities from the actor's outputs and standard normal noise."""
        mean_BA, log_std_BA = out_BK.chunk(2, 1)
        return squashed_gaussian_sample(mean_BA, log_std_BA, noise_BA)

    def noise(self, rows: int, generator: torch.Generator) -> Tensor:
        """(rows, A) standard normal numbers."""
        return torch.randn(rows, self.action_size, generator=generator, device=self.device)

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds: the squashed mean, or a sample."""
        if deterministic:
            mean_BA = self.actor(self.features(obs_BF))[0, :, : self.action_size]
            return self.to_env(mean_BA.tanh())
        return self.to_env(self.explore(self.features(obs_BF)))

    def explore(self, obs_EF: Tensor) -> Tensor:
        """A sample of the policy (E, A), between -1 and 1."""
        return self.sample(self.actor(obs_EF)[0], self.noise(len(obs_EF), self.acting)).action_BA

    def temperature(self) -> Tensor:
        """Scalar alpha."""
        if self.config.temperature is not None:
            return torch.tensor(self.config.temperature, device=self.device)
        return self.log_temperature.detach().exp()

    def gradient_step(self, b: Transitions) -> Figures:
        """One step of the critics, then of actor and temperature."""
        rows = len(b.obs_BF)
        # One pass through the actor serves the states, of which it learns, and their successors.
        out_1BK = self.actor.record(torch.cat((b.obs_BF, b.next_obs_BF)))
        now, then = self.samples(out_1BK, (rows, rows))
        alpha = self.temperature()
        critic_loss, q_NB1 = self.critic_loss(b, then, alpha)
        self.critic_optimizer.descend(critic_loss)
        self.actor_optimizer.descend(self.actor_loss(b.obs_BF, now, alpha) + self.temperature_loss(now.log_prob_B))
        self.target_flat.lerp_(self.critic_optimizer.flat, self.config.tau)
        return lambda: soft_figures(critic_loss, q_NB1, now.log_prob_B, alpha)

    def samples(self, out_1BK: Tensor, rows: tuple[int, int]) -> tuple[SquashedSample, SquashedSample]:
        """Actions by the recorded outputs of the actor: in the first rows, to learn from, and in the others."""
        drawn = self.sample(out_1BK[0].detach(), self.noise(sum(rows), self.learning))
        now, then = (SquashedSample._make(parts) for parts in zip(*(x.split(rows) for x in drawn)))
        return record_squashed_gaussian(out_1BK, now), then

    def critic_loss(self, b: Transitions, then: SquashedSample, alpha: Tensor) -> tuple[Term, Tensor]:
        """Both critics' distance from the soft target (eq. 5); with their values (N, B, 1)."""
        next_q_B = self.target(torch.cat((b.next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        target_B = torch.addcmul(b.return_B, b.discount_B, next_q_B - alpha * then.log_prob_B)  # eq. 5, 6
        q_NB1 = self.critics.record(b.obs_BF, b.action_B)
        return 0.5 * squared_error(q_NB1, target_B), q_NB1

    def actor_loss(self, obs_BF: Tensor, now: SquashedSample, alpha: Tensor) -> Term:
        """How far actions are from those that the smaller critic values and the entropy allows (eq. 9)."""
        q_NB1 = self.critics.record(obs_BF, now.action_BA)
        return alpha * mean(now.log_prob_B) - mean_of_least(q_NB1)

    def temperature_loss(self, log_prob_B: Tensor) -> Term | float:
        """How far alpha is from holding the entropy (eq. 18); nothing if it is fixed."""
        if self.config.temperature is not None:
            return 0.0
        return entropy_to_hold(self.log_temperature, log_prob_B, self.target_entropy)


@torch.no_grad()
def soft_figures(critic_loss: Term, q_NB1: Tensor, log_prob_B: Tensor, alpha: Tensor) -> dict[str, Tensor]:
    """What SAC and its kin report of a gradient step."""
    return {
        "critic_loss": critic_loss.value, "q_mean": q_NB1.mean(), "entropy": (-log_prob_B).mean(), "temperature": alpha,
    }  # fmt: skip
