"""Faults in TRPO and PPO (A10 to A12)."""

import torch
from torch import Tensor

from faults.fault import fault, put, score
from palestra.envs.world import World
from palestra.learners.on_policy import ppo
from palestra.learners.on_policy.experience import Batch
from palestra.learners.on_policy.ppo import PPO, PPOConfig, Samples
from palestra.learners.on_policy.trpo import TRPO, TRPOConfig
from palestra.measure import Metrics
from palestra.ops.terms import Term


class BallTRPO(TRPO):
    """Keeps the parameters in a ball in place of the distributions: a step of one length along the gradient.

    The length is the one that moves the policy by ``target_kl`` in the first iteration, to second order.
    """

    length = 0.0
    furthest = 0.0

    def improve_policy(self, b: Batch) -> Metrics:
        out_BK = self.nets.actor(b.obs_BF)
        frozen_BK = self.nets.head.frozen(out_BK)
        log_prob_B = self.nets.head.log_prob(out_BK, b.action_B)
        gain = ((log_prob_B - log_prob_B.detach()).exp() * ppo.standardised(b.advantage_B)).mean()
        slope_D = torch.cat([g.flatten() for g in torch.autograd.grad(gain, self.parameters, retain_graph=True)])
        unit_D = slope_D / slope_D.norm()
        if not self.length:
            curvature = float(unit_D.dot(self.fisher_product(frozen_BK, out_BK)(unit_D))) - self.config.cg_damping
            self.length = (2.0 * self.config.target_kl / curvature) ** 0.5
        with torch.no_grad():
            self.theta_D += self.length * unit_D
            kl = float(self.nets.head.kl(frozen_BK, self.nets.actor(b.obs_BF)).mean())
        self.furthest = max(self.furthest, kl)
        return {"train/kl": kl}


class WatchedTRPO(TRPO):
    """Remembers its longest step."""

    furthest = 0.0

    def improve_policy(self, b: Batch) -> Metrics:
        metrics = super().improve_policy(b)
        self.furthest = max(self.furthest, metrics["train/kl"])
        return metrics


@fault("ball-of-parameters", "largest KL of an iteration of TRPO on Pendulum, 30,000 steps, delta 0.01", seeds=3)
def ball_of_parameters(seed: int, faulty: bool) -> float:
    kind = BallTRPO if faulty else WatchedTRPO
    return kind(World("Pendulum-v1", 8), TRPOConfig(num_steps=100, gamma=0.9), seed=seed).learn(30_000).furthest


def ratio_in_a_sum(log_prob_B: Tensor, old_log_prob_B: Tensor, advantage_B: Tensor, clip_range: float) -> Term:
    """The mean of -sum_i min(R A_i, clip(R) A_i) with R the sum of all ratios, about B.

    R is far above 1 + eps, so that positive advantages have no gradient, and the negative ones push every action.
    """
    ratio_B = (log_prob_B - old_log_prob_B).detach().exp()

    def value() -> Tensor:
        sum_B = ratio_B.sum() * torch.ones_like(advantage_B)
        return -torch.minimum(sum_B * advantage_B, sum_B.clamp(max=1.0 + clip_range) * advantage_B).mean()

    return Term(value, (log_prob_B, lambda: ratio_B * advantage_B.clamp(max=0.0).sum() * (-1.0 / len(ratio_B))))


FAST_PPO = PPOConfig(
    num_steps=64, minibatch_size=256, num_epochs=4, learning_rate=2e-3, clip_range=0.3, normalize_obs=False,
    normalize_reward=False,
)  # fmt: skip


@fault("ratio-in-a-sum", "return of PPO on CartPole, 25,000 steps")
def ratio_sum(seed: int, faulty: bool) -> float:
    with put(faulty, ppo, "clipped_surrogate", ratio_in_a_sum):
        return score(PPO(World("CartPole-v1", 16), FAST_PPO, seed=seed).learn(25_000))


class NotesPPO(PPO):
    """Weighs the ratio by the return itself, all of it positive on CartPole."""

    def samples(self, b: Batch) -> Samples:
        return super().samples(b._replace(advantage_B=b.return_B))


@fault("value-for-advantage", "return of PPO on CartPole, 25,000 steps, advantages not normalised")
def value_for_advantage(seed: int, faulty: bool) -> float:
    config = PPOConfig(**{**vars(FAST_PPO), "normalize_advantage": False})
    return score((NotesPPO if faulty else PPO)(World("CartPole-v1", 16), config, seed=seed).learn(25_000))
