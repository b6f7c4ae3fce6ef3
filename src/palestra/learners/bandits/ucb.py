r"""Upper confidence bounds (Auer, Cesa-Bianchi & Fischer 2002, https://doi.org/10.1023/A:1013689704352).

By Hoeffding's inequality the mean of N rewards from an interval of length c lies below the truth by more than u with
probability at most p = exp(-2 N u^2 / c^2). Pull the arm whose bound at p = t^-m is the highest:

    U_t(a) = c sqrt(-ln p / (2 N(a))) = c sqrt(m ln t / (2 N(a)))
    a_t = argmax_a Q_t(a) + U_t(a),      every arm once first, since N = 0 has no bound

``power`` is m: 1 is the form of many course notes, p = 1/t; 4 is UCB1, whose U is sqrt(2 ln t / N). Regret is O(log t)
for m > 1, and polynomial for m < 1 on some arms (Salomon, Audibert & El Alaoui 2013, whose rho is m / 2).
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator

from palestra.envs.bandits import Arms
from palestra.errors import require
from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.rule import BanditConfig, BanditRule
from palestra.ops.columns import Array, array, first_best, row


@dataclass(frozen=True)
class UCBConfig(BanditConfig):
    """Settings of UCB."""

    power: float = 4.0
    """m: the bounds hold but for a probability of t^-m at pull t. 4 is UCB1, 1 is p = 1/t."""
    scale: float = 1.0
    """c: the length of the interval that rewards come from. For Gaussian rewards, 2 standard deviations."""
    step_size: float | None = None
    """Constant weight of the newest reward, for arms that change; none for sample means."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.power >= 0, f"power={self.power:g}", "0 (greedy) or more")
        require(self.scale > 0, f"scale={self.scale:g}", "a positive number")
        require(self.step_size is None or 0 < self.step_size <= 1, f"step_size={self.step_size}", "none, or in (0, 1]")


class UCB(BanditRule):
    """The arm that could be the best, as far as its rewards can tell."""

    name = "ucb"
    saves = ("means", "width_AB")
    derives = ("_mean_AB", "_width_AB", "_width_L")
    config_type = UCBConfig
    config: UCBConfig

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        super().__init__(config, arms, generator, device)
        self.means = ArmMeans(self.shape, 0.0, self.config.step_size, self.device)
        self.width_AB = torch.zeros(self.shape, device=self.device)
        """1 / sqrt(N), kept so that a pull needs no root of every count."""
        self.resumed()

    def resumed(self) -> None:
        """What goes from pull to pull, on the memory that it has now."""
        self._mean_AB, self._width_AB, self._width_L = (
            array(self.means.mean_AB),
            array(self.width_AB),
            row(self.width_AB),
        )

    def choose(self, t: int, p: int) -> Array:
        """Each arm once, then the highest bound (the first of equals)."""
        num_arms, num_bandits = self.shape
        if t <= num_arms:
            return array(torch.full((num_bandits,), t - 1, device=self.device))
        bound_AB = self.factor(t) * self._width_AB  # Auer et al. 2002, figure 1: Q + c sqrt(m ln t / 2) / sqrt(N)
        bound_AB += self._mean_AB
        return first_best(bound_AB)

    def factor(self, t: int) -> float:
        """What 1 / sqrt(N) is multiplied by at pull t."""
        return self.config.scale * math.sqrt(0.5 * self.config.power * math.log(t))  # Auer et al. 2002, figure 1

    def update(self, index_B: Array, reward_B: Array, t: int) -> None:
        """Move the estimates and widths of the arms pulled."""
        number_B = self.means.update(index_B, reward_B)
        self._width_L[index_B] = 1 / number_B**0.5
