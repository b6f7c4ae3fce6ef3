"""Faults in DDPG and SAC (A13 and A14)."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from faults.fault import fault, put, score
from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.probes import ONE_NUMBER
from palestra.envs.world import World
from palestra.learners.off_policy import ddpg, sac
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.deterministic import DeterministicPolicy, mu
from palestra.learners.off_policy.sac import SAC, SACConfig
from palestra.learners.off_policy.seeing import Seen
from palestra.ops import squashed_gaussian
from palestra.ops.critic_losses import entropy_to_hold, mean
from palestra.ops.gaussian import HALF_LOG_2PI
from palestra.ops.squashed_gaussian import SquashedSample, squashed_gaussian_sample
from palestra.ops.terms import Term

TemperatureLoss = Callable[[Tensor, Tensor, float], Term]

QUICK: dict[str, Any] = {
    "gamma": 0.9, "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 64, "buffer_size": 10_000,
    "learning_starts": 128, "train_frequency": 16, "gradient_steps": 16, "tau": 0.1,
}  # fmt: skip


class CountingActions(BoxActions):
    """Counts the actions that lie outside of the bounds."""

    outside = 0

    def to_env(self, action_EA: Tensor) -> Tensor:
        return self.counted(super().to_env(action_EA))

    def counted(self, action: Tensor) -> Tensor:
        self.outside += int(((action < self.low) | (action > self.high)).sum())
        return action


class NotesActions(CountingActions):
    """Times the largest action, whatever the smallest is."""

    def to_env(self, action_EA: Tensor) -> Tensor:
        return self.counted(action_EA * self.high)


class NotesPolicy(DeterministicPolicy):
    """Noise on top of the actor's actions that nothing holds."""

    def explore(self, obs_E: Tensor) -> Tensor:
        return mu(self.actor, obs_E) + self.noise.next(self.generator)


@fault("noise-beyond-bounds", "share of DDPG's actions outside of the bounds [-1, 3], where the best is 2", seeds=3)
def noise_beyond_bounds(seed: int, faulty: bool) -> float:
    actions = NotesActions if faulty else CountingActions
    with put(True, ddpg, "BoxActions", actions), put(faulty, ddpg, "DeterministicPolicy", NotesPolicy):
        agent = DDPG(World("probe/ContinuousTarget", 8), DDPGConfig(**QUICK, noise_std=0.3), seed=seed).learn(2_000)
    assert isinstance(agent.actions, CountingActions)
    return agent.actions.outside / agent.clock


def squashed_twice(mean_BA: Tensor, log_std_BA: Tensor, noise_BA: Tensor) -> SquashedSample:
    """``squashed_gaussian_sample`` with log(1 - tanh(a)^2) at the action a = tanh(u), not at u."""
    right = squashed_gaussian_sample(mean_BA, log_std_BA, noise_BA)
    u_BA, a_BA = mean_BA + right.std_BA * noise_BA, right.action_BA
    gaussian_BA = -0.5 * noise_BA.square() - right.std_BA.log() - HALF_LOG_2PI
    wrong_B = (gaussian_BA - torch.log(1.0 - a_BA.tanh().square() + 1e-7)).sum(1)
    assert u_BA.shape == a_BA.shape
    return right._replace(log_prob_B=wrong_B)


def squashed_twice_gradient(sample: SquashedSample, to_action_BA: Tensor, to_log_prob: Tensor | float) -> Tensor:
    """Its derivative: d/du of -log(1 - tanh(a)^2) is 2 tanh(a) (1 - a^2)."""
    a_BA = sample.action_BA
    slope_BA = 1.0 - a_BA.square()
    to_u_BA = to_action_BA * slope_BA + 2.0 * to_log_prob * a_BA.tanh() * slope_BA
    to_log_std_BA = (to_u_BA * sample.std_BA * sample.noise_BA - to_log_prob) * sample.free_BA
    return torch.cat((to_u_BA, to_log_std_BA), 1)


@fault("density-of-squashed", "integral over all actions of what is taken for a density, of tanh(N(0, 1))", seeds=1)
def density_of_squashed(seed: int, faulty: bool) -> float:
    u = torch.linspace(-8.0, 8.0, 100_001, dtype=torch.float64)[:, None]
    zero = torch.zeros_like(u)
    sample = (squashed_twice if faulty else squashed_gaussian_sample)(zero, zero, u)
    return float(torch.trapezoid(sample.log_prob_B.exp(), sample.action_BA.squeeze(1)))


class Follow(Dynamics):
    """One step: observes a number, and is paid by how near to 0.8 times it the action is."""

    observation_space = ONE_NUMBER
    action_space = spaces.Box(-1.0, 1.0, (1,))

    def initial_state(self, num: int) -> Tensor:
        return torch.rand(num, 1, device=self.device, generator=self.generator) * 2.0 - 1.0

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state, -(action - 0.8 * state).square().squeeze(1), ~self.never


registry.PROBES["probe/Follow"] = Follow


@cache
def soft(
    kind: type[SAC],
    seed: int,
    *,
    twice: bool = False,
    temperature_loss: TemperatureLoss = entropy_to_hold,
    **settings: Any,
) -> SAC:
    """SAC after 2,000 steps of Follow; ``twice`` squashes the sample a second time where its density is taken."""
    config = SACConfig(**{**QUICK, "initial_temperature": 0.1, **settings})
    with (
        put(twice, squashed_gaussian, "squashed_gaussian_sample", squashed_twice),
        put(twice, squashed_gaussian, "squashed_gaussian_gradient", squashed_twice_gradient),
        put(True, sac, "entropy_to_hold", temperature_loss),
    ):
        return kind(World("probe/Follow", 8), config, seed=seed).learn(2_000)


def entropy(agent: SAC) -> float:
    """Nats of the policy, by the exact density, over 20,000 observations."""
    generator = torch.Generator().manual_seed(1)
    obs = torch.rand(20_000, 1, generator=generator) * 2.0 - 1.0
    mean, log_std = agent.actor(obs)[0].detach().chunk(2, 1)
    sample = squashed_gaussian_sample(mean, log_std, torch.randn(20_000, 1, generator=generator))
    return -float(sample.log_prob_B.mean())


@fault("correction-of-squashed", "return of SAC with a learned temperature on a task of one step (best: 0)", seeds=3)
def correction_of_squashed(seed: int, faulty: bool) -> float:
    return score(soft(SAC, seed, twice=faulty, target_entropy=-0.5), episodes=1_000)


class UnweightedSAC(SAC):
    """The soft value as E[Q] + H, its entropy without the weight alpha."""

    def targets(self, b: Seen, then: SquashedSample, alpha: Tensor) -> Tensor:
        return super().targets(b, then, torch.ones_like(alpha))


@fault("entropy-unweighted", "SAC's value of 1 for ever, alpha 0.1, gamma 0.9 (true: 10 + 1.8 ln 2 = 11.25)", seeds=2)
def entropy_unweighted(seed: int, faulty: bool) -> float:
    config = SACConfig(**QUICK, temperature=0.1)
    agent = (UnweightedSAC if faulty else SAC)(World("probe/ForeverOneBox", 8), config, seed=seed).learn(2_500)
    return float(agent.critics(torch.zeros(1, 3)).detach().amin())


class MinimumOfBatchSAC(SAC):
    """``torch.min(q1)``: one number, the least value of the first critic in the whole batch; the second is unused."""

    def actor_loss(self, obs_BF: Tensor, now: SquashedSample, alpha: Tensor) -> Term:
        q_MB1 = self.critics.record(obs_BF, now.action_BA)
        first_B = q_MB1.detach()[0, :, 0]

        def slope_MB1() -> Tensor:
            chosen_MB1 = torch.zeros_like(q_MB1)
            chosen_MB1[0, first_B.argmin()] = 1.0
            return chosen_MB1

        return alpha * mean(now.log_prob_B) - Term(first_B.min, (q_MB1, slope_MB1))


@fault("minimum-of-batch", "return of SAC with temperature 0.01 on a task of one step (best: 0)", seeds=3)
def minimum_of_batch(seed: int, faulty: bool) -> float:
    return score(soft(MinimumOfBatchSAC if faulty else SAC, seed, temperature=0.01), episodes=1_000)


def notes_loss(log_alpha: Tensor, log_prob_B: Tensor, target_entropy: float) -> Term:
    """Loss alpha (entropy - target) with all but alpha detached, as the notes have it."""
    wrong = log_alpha.detach().exp() * (-log_prob_B.detach().mean() - target_entropy)
    return Term(lambda: wrong, (log_alpha, lambda: wrong))


@fault("temperature-detached", "true entropy of SAC's policy whose temperature is to hold -0.5 nats", seeds=3)
def temperature_detached(seed: int, faulty: bool) -> float:
    return entropy(soft(SAC, seed, temperature_loss=notes_loss if faulty else entropy_to_hold, target_entropy=-0.5))
