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
from torch import Generator, Tensor

from palestra.envs.bandits import Arms
from palestra.errors import require
from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.rule import BanditConfig, BanditRule
from palestra.ops.bandits import epsilon_at


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
    derives = ("explores_TB", "random_TB")
    config_type = EpsilonGreedyConfig
    config: EpsilonGreedyConfig

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        super().__init__(config, arms, generator, device)
        c = self.config
        self.means = ArmMeans(self.shape, c.initial_value, c.step_size, self.device)

    def prepare(self, first: int, pulls: int) -> None:
        """Decide which pulls explore, and with which arm."""
        c, (num_arms, num_bandits) = self.config, self.shape
        time_T = torch.arange(first, first + pulls, dtype=torch.float32, device=self.device)
        epsilon_T = epsilon_at(c.schedule, time_T, c.epsilon, c.epsilon_end, c.horizon)
        drawn: dict[str, Any] = {"generator": self.generator, "device": self.device}
        self.explores_TB = torch.rand(pulls, num_bandits, **drawn) < epsilon_T[:, None]
        self.random_TB = torch.randint(num_arms, (pulls, num_bandits), **drawn)

    def choose(self, t: int, p: int) -> Tensor:
        """The best arm so far (eq. 2.2; the first of equals), or the random one."""
        greedy_B = self.means.mean_AB.max(0).indices
        return torch.where(self.explores_TB[p], self.random_TB[p], greedy_B)

    def update(self, index_B: Tensor, reward_B: Tensor, t: int) -> None:
        """Move the estimates of the arms pulled (eq. 2.3)."""
        self.means.update(index_B, reward_B)
