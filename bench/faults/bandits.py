"""Faults of the notes in bandits (A2)."""

import numpy as np
import torch
from torch import Tensor

from faults.fault import fault
from palestra.envs.world import World
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig
from palestra.learners.bandits.ucb import UCB, UCBConfig


@fault("best-arm", "regret as the notes' class would book it, 5,000 pulls of epsilon-greedy, 200 bandits", seeds=3)
def best_arm(seed: int, faulty: bool) -> float:
    config = EpsilonGreedyConfig(epsilon=0.01)
    player = BanditLearner(EpsilonGreedy, World("bandit/bernoulli", 200), config, seed=seed).learn(5_000)
    regret_B = player.regret_B
    if faulty:  # the index of the best arm is a vector of numbers in [0, 1): as integers, all of them arm 0
        regret_B = regret_B - player.clock * player.arms.gap_AB[0]
    return float(regret_B.mean())


class NotesUCB(UCB):
    """U = sqrt(-log p / 2N), typed as it is written: divided by 2, then times N."""

    def choose(self, t: int, p: int) -> Tensor:
        if t <= self.shape[0]:
            return super().choose(t, p)
        return torch.add(self.means.mean_AB, 1.0 / self.width_AB, alpha=(0.5 * np.log(t)) ** 0.5).max(0).indices


@fault("ucb-precedence", "regret of UCB after 5,000 pulls, p = 1/t, 200 bandits", seeds=3)
def ucb_precedence(seed: int, faulty: bool) -> float:
    kind = NotesUCB if faulty else UCB
    player = BanditLearner(kind, World("bandit/bernoulli", 200), UCBConfig(power=1.0), seed=seed).learn(5_000)
    return float(player.regret_B.mean())


@fault(
    "epsilon-one-over-t", "regret of epsilon-greedy after 5,000 pulls, epsilon 50 / t or 1 / t, 200 bandits", seeds=3
)
def epsilon_one_over_t(seed: int, faulty: bool) -> float:
    config = EpsilonGreedyConfig(schedule="inverse", epsilon=1.0 if faulty else 50.0)
    world = World("bandit/bernoulli", 200, kwargs={"means": [0.9] + [0.6] * 9})
    return float(BanditLearner(EpsilonGreedy, world, config, seed=seed).learn(5_000).regret_B.mean())
