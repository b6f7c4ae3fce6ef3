r"""Epsilon-greedy (Sutton & Barto 2018, section 2.2; decaying, Auer et al. 2002, https://doi.org/10.1023/A:1013689704352).

Pull the arm that has paid best so far, but with probability epsilon_t any arm, all equally likely:

    a_t = argmax_a Q_t(a)      with probability 1 - epsilon_t
    Q(a_t) <- Q(a_t) + (r_t - Q(a_t)) / N(a_t)                                (sample means; eq. 2.3)

A constant epsilon loses epsilon times the mean gap at every pull, for ever: regret grows linearly. Decaying as
c A / (d^2 t), with d at most the smallest gap and c > 5, regret is O(log t) (Auer et al. 2002, theorem 3).
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Generator

from palestra.envs.bandits import Arms
from palestra.errors import require
from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.leaders import Leaders
from palestra.learners.bandits.rule import BanditConfig, BanditRule
from palestra.ops.bandits import epsilon_at, explorers
from palestra.ops.columns import Array, array, first_best


@dataclass(frozen=True)
class EpsilonGreedyConfig(BanditConfig):
    """Settings of epsilon-greedy."""

    schedule: Literal["constant", "inverse", "inverse-sqrt", "exponential", "linear"] = "constant"
    """How epsilon moves with the pull t: constant, epsilon / t, epsilon / sqrt(t) (both at most 1), or to epsilon_end
    exponentially or linearly."""
    epsilon: float = 0.1
    """Share of random pulls at the start; with inverse and inverse-sqrt the factor, which may be above 1."""
    epsilon_end: float = 0.0
    """Where exponential and linear end."""
    horizon: int = 1_000
    """Pulls over which linear falls, and the time constant of exponential."""
    initial_value: float = 1.0
    """What is believed of an arm before its first pull; optimistic values have every arm tried."""
    step_size: float | None = None
    """Constant weight of the newest reward, for arms that change; none for sample means."""

    def __post_init__(self) -> None:
        super().__post_init__()
        unbounded = self.schedule in ("inverse", "inverse-sqrt")
        require(
            self.epsilon >= 0 and (unbounded or self.epsilon <= 1),
            f"epsilon={self.epsilon:g} with schedule {self.schedule}",
            "0 or more" if unbounded else "a probability, from 0 to 1",
        )
        require(0 <= self.epsilon_end <= 1, f"epsilon_end={self.epsilon_end:g}", "a probability, from 0 to 1")
        require(self.horizon >= 1, f"horizon={self.horizon}", "at least 1 pull")
        require(self.step_size is None or 0 < self.step_size <= 1, f"step_size={self.step_size}", "none, or in (0, 1]")


class EpsilonGreedy(BanditRule):
    """Mostly the best arm so far, sometimes any."""

    name = "epsilon-greedy"
    saves = ("means",)
    derives = ("bandit_L", "random_L", "leaders")
    config_type = EpsilonGreedyConfig
    config: EpsilonGreedyConfig

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        super().__init__(config, arms, generator, device)
        c = self.config
        self.means = ArmMeans(self.shape, c.initial_value, c.step_size, self.device)
        self.leaders = Leaders(self.means) if self.device.type == "cpu" else None
        """The greedy arms, found sooner; on a device all arms are looked through at every pull."""

    def prepare(self, first: int, pulls: int) -> None:
        """Decide which pulls explore, and with which arm."""
        c, (num_arms, num_bandits) = self.config, self.shape
        time_T = torch.arange(first, first + pulls, dtype=torch.float32, device=self.device)
        epsilon_T = epsilon_at(c.schedule, time_T, c.epsilon, c.epsilon_end, c.horizon)
        place_L = explorers(epsilon_T, num_bandits, self.generator)
        random_L = torch.randint(num_arms, place_L.shape, generator=self.generator, device=self.device)
        ends_T = torch.searchsorted(place_L, num_bandits * torch.arange(pulls + 1, device=self.device))
        self.bandit_L, self.random_L, self.ends = array(place_L) % num_bandits, array(random_L), ends_T.tolist()
        if self.leaders is not None:
            self.leaders.begin()

    def choose(self, t: int, p: int) -> Array:
        """The best arm so far (eq. 2.2; the first of equals), or the random one."""
        arm_B = first_best(self.means.mean_AB) if self.leaders is None else self.leaders.arm_B.copy()
        self.exploring, self.last = slice(self.ends[p], self.ends[p + 1]), p + 2 == len(self.ends)
        arm_B[self.bandit_L[self.exploring]] = self.random_L[self.exploring]
        return arm_B

    def update(self, index_B: Array, reward_B: Array, t: int) -> None:
        """Move the estimates of the arms pulled (eq. 2.3)."""
        if self.leaders is None:
            self.means.update(index_B, reward_B)
            return
        self.leaders.update(index_B, reward_B, self.bandit_L[self.exploring])
        if self.last:
            self.leaders.end()
