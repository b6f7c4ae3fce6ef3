"""A network that tells the noise in a chunk of actions, by what is seen (Chi et al. 2023, section 3.1).

What is seen and the level of noise are a condition, which scales and shifts what is in between (FiLM; Perez et al.
2018, eq. 2): h <- (1 + gamma(c)) h + beta(c). The paper's network convolves over time; a chunk here is short, and one
vector. Around each block goes a residual connection, so that more blocks begin as fewer.
"""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import realised

WAVES = 16
"""Of the numbers that stand for a level, half sines and half cosines."""


def waves(level_B: Tensor) -> Tensor:
    """(B, WAVES) sines and cosines of levels (B,), of lengths from 2 pi to 2 pi 10,000 (Vaswani et al. 2017)."""
    half = WAVES // 2
    rate = torch.arange(half, device=level_B.device, dtype=torch.float32) * (-math.log(10_000.0) / (half - 1))
    angle = level_B[:, None].float() * rate.exp()
    return torch.cat((angle.sin(), angle.cos()), 1)


class FilmBlock(nn.Module):
    """x + W_2 silu((1 + gamma(c)) W_1 norm(x) + beta(c)): (B, F) and a condition (B, C) -> (B, F).

    Args:
        width: F.
        condition: C, numbers of a condition.
    """

    def __init__(self, width: int, condition: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.into, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.film = nn.Linear(condition, 2 * width)

    def forward(self, x_BF: Tensor, condition_BF: Tensor) -> Tensor:
        """(B, F) to the same."""
        gamma_BF, beta_BF = self.film(condition_BF).chunk(2, 1)
        h_BF = (1.0 + gamma_BF) * self.into(self.norm(x_BF)) + beta_BF  # Perez et al. 2018, eq. 2
        out_BF: Tensor = x_BF + self.out(F.silu(h_BF))
        return out_BF


class Denoiser(nn.Module):
    """(B, K) noisy numbers, (B,) levels, (B, F) what is seen -> (B, K) the noise in them.

    Args:
        size: K.
        seen: F.
        width: of everything in between.
        blocks: one after another.
    """

    def __init__(self, size: int, seen: int, width: int, blocks: int):
        super().__init__()
        self.condition = nn.Sequential(nn.Linear(WAVES + seen, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.first = nn.Linear(size, width)
        self.blocks = nn.ModuleList(FilmBlock(width, width) for _ in range(blocks))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, size)

    def forward(self, x_BK: Tensor, level_B: Tensor, seen_BF: Tensor) -> Tensor:
        """The noise."""
        condition_BF = self.condition(torch.cat((waves(level_B), seen_BF), 1))
        h_BF = self.first(x_BK)
        for block in self.blocks:
            h_BF = block(h_BF, condition_BF)
        out_BK: Tensor = self.last(F.silu(self.norm(h_BF)))
        return out_BK


def denoiser(generator: Generator, size: int, seen: int, width: int, blocks: int) -> Denoiser:
    """One whose weights come from a generator; sizes as of :class:`Denoiser`."""
    return realised(lambda: Denoiser(size, seen, width, blocks), "fan-in", generator)
