"""What makes one bandit algorithm another: its rule, which picks arms and learns from what they pay."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Generator

from palestra.engine.settings import AlgorithmConfig
from palestra.envs.bandits import Arms
from palestra.errors import require
from palestra.ops.columns import Array, array


@dataclass(frozen=True)
class BanditConfig(AlgorithmConfig):
    """What the settings of all bandit algorithms share."""

    default_num_envs: ClassVar[int] = 2_000

    pulls_per_step: int = 100
    """Pulls of each bandit between reports."""

    def __post_init__(self) -> None:
        require(self.pulls_per_step >= 1, f"pulls_per_step={self.pulls_per_step}", "at least 1")


class BanditRule(ABC):
    """A way to choose among the arms of B bandits side by side.

    What it knows is a tensor over arms and bandits, (A, B), so that one pull of thousands of bandits is a dozen
    operations; random numbers are drawn for a whole block of pulls. What goes from pull to pull is an array of NumPy,
    or a tensor on a device (:mod:`palestra.ops.columns`).

    Args:
        config: the rule's settings.
        arms: whose number, and whose kind of reward, it may know.
        generator: of its choices.
        device: of its tensors.
    """

    name: ClassVar[str]
    """The id under which it is registered (``ucb``)."""
    config_type: ClassVar[type[BanditConfig]] = BanditConfig
    """The dataclass of its settings."""
    saves: ClassVar[tuple[str, ...]] = ("generator",)
    """What it has learned, and its generator (:mod:`palestra.engine.state`)."""

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        self.config, self.generator, self.device = config, generator, device
        self.shape = (arms.num_arms, arms.num_bandits)

    def play(self, arms: Arms, first: int, noise_TB: Array, reward_TB: Array, gap_TB: Array) -> None:
        """Fill in rewards and gaps (T, B) of a block of pulls, the first of which is the ``first`` of all, from 1."""
        columns_B = array(torch.arange(self.shape[1], device=self.device))
        self.prepare(first, len(noise_TB))
        for p in range(len(noise_TB)):
            index_B = array(self.choose(first + p, p)) * self.shape[1] + columns_B
            reward_TB[p], gap_TB[p] = reward_B, _ = arms.pull(index_B, noise_TB[p])
            self.update(index_B, reward_B, first + p)

    def prepare(self, first: int, pulls: int) -> None:  # noqa: B027 - some draw nothing ahead
        """Draw what ``choose`` needs for pulls ``first``, ``first + 1``, ..., counted from 1."""

    @abstractmethod
    def choose(self, t: int, p: int) -> Array:
        """Arms (B,) int64 to pull at time ``t``, the ``p``-th pull of the block that was prepared."""

    @abstractmethod
    def update(self, index_B: Array, reward_B: Array, t: int) -> None:
        """Learn from rewards (B,) of the arms at flat indices (B,) into (A, B), pulled at time ``t``."""
