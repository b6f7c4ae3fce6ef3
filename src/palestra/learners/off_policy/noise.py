"""Noise that is added to actions by exploration."""

from typing import Literal, Protocol

import torch
from torch import Generator, Tensor

NoiseName = Literal["gaussian", "ou"]

OU_RATE = 0.15
"""theta of the Ornstein-Uhlenbeck process: the share by which it returns to zero at each step (Lillicrap et al. 2016,
section 7)."""


class Noise(Protocol):
    """Numbers to be added to actions, one step after another."""

    saves: tuple[str, ...]

    def next(self, generator: Generator) -> Tensor:
        """(E, A) for the next step."""

    def begin(self, ended_E: Tensor) -> None:
        """Know in which environments (E,) bool another episode begins."""


class GaussianNoise:
    """Independent numbers.

    Args:
        std: their standard deviation.
        num_envs: E.
        size: A.
        device: where they are made.
    """

    saves = ()

    def __init__(self, std: float, num_envs: int, size: int, device: torch.device):
        self.std, self.shape, self.device = std, (num_envs, size), device

    def next(self, generator: Generator) -> Tensor:
        """(E, A) for the next step."""
        return self.std * torch.randn(self.shape, generator=generator, device=self.device)

    def begin(self, ended_E: Tensor) -> None:
        """It remembers nothing."""


class OrnsteinUhlenbeckNoise:
    """A process that wanders, and returns to zero: one step of Euler's method with dt = 1 each time.

    Args:
        std: standard deviation of what drives it.
        num_envs: E.
        size: A.
        device: where numbers are made.
    """

    saves = ("now_EA",)

    def __init__(self, std: float, num_envs: int, size: int, device: torch.device):
        self.std = std
        self.now_EA = torch.zeros(num_envs, size, device=device)

    def next(self, generator: Generator) -> Tensor:
        """(E, A) for the next step."""
        self.now_EA = (1.0 - OU_RATE) * self.now_EA + self.std * torch.randn(
            self.now_EA.shape, generator=generator, device=self.now_EA.device
        )
        return self.now_EA

    def begin(self, ended_E: Tensor) -> None:
        """It begins anew with an episode."""
        self.now_EA = self.now_EA * ~ended_E[:, None]


NOISES: dict[NoiseName, type[GaussianNoise] | type[OrnsteinUhlenbeckNoise]] = {
    "gaussian": GaussianNoise, "ou": OrnsteinUhlenbeckNoise,
}  # fmt: skip
"""By the names that settings have for them."""
