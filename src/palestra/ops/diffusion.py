"""Diffusion: from what is clean to noise by levels, and back by whoever can tell the noise (Ho et al. 2020).

Level k of some levels keeps a share kept_k of the variance of what is clean, the product of 1 - beta up to k:

    x_k = sqrt(kept_k) x_0 + sqrt(1 - kept_k) e,   e ~ N(0, I)                                              (eq. 4)

Going back needs e alone, which a network learns to tell. What it tells says what is clean, and with it how to come to
any lower level, with as much new noise as one likes (Song et al. 2021, eq. 12 and 16):

    x_0 = (x_k - sqrt(1 - kept_k) e) / sqrt(kept_k)
    x_j = sqrt(kept_j) x_0 + sqrt(1 - kept_j - s^2) e + s z
    s^2 = eta^2 (1 - kept_j) / (1 - kept_k) (1 - kept_k / kept_j)

With eta = 1 and no level left out that is Ho et al.'s sampling, with eta = 0 nothing is drawn on the way and few levels
suffice. Clean numbers lie between -1 and 1: what is said of them is clipped, and the noise is what follows from that.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from palestra.ops.shapes import check_rank, check_same_shape
from palestra.ops.terms import Term

NoiseSchedule = Literal["cosine", "linear"]
"""How noise grows with the level: as a cosine (Nichol & Dhariwal 2021, eq. 17), or as Ho et al. 2020 let beta grow."""
MOST_BETA = 0.999
"""Of the variance that a level takes away, so that something is always left."""
WAVES = 4
"""Frequencies by whose sines and cosines a level is told."""
LEVEL_NUMBERS = 2 * WAVES
"""That stand for a level."""


def noise_schedule(kind: NoiseSchedule, levels: int) -> Tensor:
    """(L,) float64: the share of the variance that is kept at each of ``levels`` levels, from the least noise on.

    The linear one is that of Ho et al. 2020, whose beta goes from 1e-4 to 0.02 in a thousand levels; with fewer each
    takes as many times more.
    """
    if levels < 1:
        raise ValueError(f"{levels} levels of noise; expected 1 or more")
    if kind == "linear":
        more = 1_000 / levels
        beta_L = torch.linspace(1e-4 * more, 0.02 * more, levels, dtype=torch.float64)
    else:
        share_L = torch.linspace(0.0, 1.0, levels + 1, dtype=torch.float64)
        wave_L = (((share_L + 0.008) / 1.008) * math.pi / 2).cos().square()
        beta_L = 1.0 - wave_L[1:] / wave_L[:-1]
    return (1.0 - beta_L.clamp(max=MOST_BETA)).cumprod(0)


def noised(clean_BK: Tensor, noise_BK: Tensor, kept_B: Tensor) -> Tensor:
    """(B, K) what is clean with noise of a level each (eq. 4).

    Args:
        clean_BK: numbers between -1 and 1.
        noise_BK: standard normal ones.
        kept_B: the share that each row keeps.
    """
    check_same_shape(clean=clean_BK, noise=noise_BK)
    check_rank(1, kept=kept_B)
    return kept_B[:, None].sqrt() * clean_BK + (1.0 - kept_B[:, None]).sqrt() * noise_BK


def level_numbers(levels: int) -> Tensor:
    """(L, F) what a network is told of each of ``levels`` levels: sin and cos of pi j (k + 1/2) / L, for a few j."""
    share_L = (torch.arange(levels) + 0.5) / levels
    angle_LF = math.pi * share_L[:, None] * torch.arange(1, WAVES + 1)
    return torch.cat((angle_LF.sin(), angle_LF.cos()), 1)


def told_error(told_BK: Tensor, true_BK: Tensor) -> Term:
    """E[|told - e|^2], or of what is clean in the place of e, by each number, with its derivative (eq. 14)."""
    check_same_shape(told=told_BK, true=true_BK)
    error_BK = told_BK.detach() - true_BK
    return Term(lambda: error_BK.square().mean(), (told_BK, lambda: error_BK * (2.0 / error_BK.numel())))


def noise_in(x_BK: Tensor, clean_BK: Tensor, kept: float) -> Tensor:
    """(B, K) the noise in numbers of a level, by what is said to be clean (eq. 4 the other way around)."""
    check_same_shape(x=x_BK, clean=clean_BK)
    return (x_BK - math.sqrt(kept) * clean_BK) / math.sqrt(1.0 - kept)


def denoised(
    x_BK: Tensor, noise_BK: Tensor, kept: float, kept_next: float, eta: float = 0.0, drawn_BK: Tensor | None = None
) -> Tensor:
    """(B, K) a step back from one level to a lower one.

    Args:
        x_BK: at the level.
        noise_BK: what noise there is said to be in it.
        kept: the share that this level keeps.
        kept_next: that of the level to come to; 1 for what is clean.
        eta: how much new noise: 0 for none, 1 for as much as lies between the two levels.
        drawn_BK: standard normal numbers, if there is to be any.
    """
    check_same_shape(x=x_BK, noise=noise_BK)
    clean_BK = ((x_BK - math.sqrt(1.0 - kept) * noise_BK) / math.sqrt(kept)).clamp(-1.0, 1.0)
    noise_BK = (x_BK - math.sqrt(kept) * clean_BK) / math.sqrt(1.0 - kept)
    new = eta * math.sqrt((1.0 - kept_next) / (1.0 - kept) * (1.0 - kept / kept_next))  # eq. 16
    back_BK = math.sqrt(kept_next) * clean_BK + math.sqrt(max(0.0, 1.0 - kept_next - new**2)) * noise_BK  # eq. 12
    return back_BK if drawn_BK is None or new == 0.0 else back_BK + new * drawn_BK


def visited(levels: int, count: int) -> list[int]:
    """Which of some levels, counted from 0, are gone through on the way back, the noisiest first: ``count``, evenly.

    Each is the middle of its share: at the noisiest of all hardly anything is left to tell what is clean by.
    """
    if not 1 <= count <= levels:
        raise ValueError(f"{count} of {levels} levels; expected 1 to {levels}")
    return [int((i + 0.5) * levels / count) for i in reversed(range(count))]


def average_share(update: int, power: float) -> float:
    """How much of a running average of weights stays at an update, counted from 0: 1 - (1 + update)^-power.

    At first the average is what is averaged; with a power of 1 it is the plain mean of all of them, with less it
    forgets the older ones.
    """
    return 1.0 - math.pow(1.0 + update, -power)
