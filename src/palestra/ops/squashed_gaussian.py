"""A Gaussian squashed by tanh: from a network's outputs to actions between -1 and 1 with their log density, and back.

A sample is reparameterised: a = tanh(mean + exp(log_std) noise), so that a loss on the action and on its log density
has a derivative at mean and log_std. Recorded, both are leaves that a loss is written on (:mod:`palestra.ops.terms`).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.ops.gaussian import HALF_LOG_2PI
from palestra.ops.shapes import check_same_shape
from palestra.ops.terms import Recording

LOG_STD_MIN, LOG_STD_MAX = -20.0, 2.0
"""Between these a squashed Gaussian's log standard deviation is kept."""


class SquashedSample(NamedTuple):
    """a = tanh(mean + exp(log_std) noise), and what its derivative needs."""

    action_BA: Tensor
    """Between -1 and 1."""
    log_prob_B: Tensor
    """Its log density."""
    std_BA: Tensor
    """Standard deviation before squashing."""
    noise_BA: Tensor
    """Standard normal."""
    free_BA: Tensor
    """bool: the log standard deviation was within its limits, so that it has a derivative."""


def squashed_gaussian_sample(mean_BA: Tensor, log_std_BA: Tensor, noise_BA: Tensor) -> SquashedSample:
    r"""Reparameterised sample of tanh(N(mean, std^2)) with its exact log density (Haarnoja et al. 2018, appendix C).

    log pi(a) = sum_A [log N(u; mean, std) - log(1 - tanh(u)^2)] at u before the tanh, where
    log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u)) loses no digits however large u is.

    Args:
        mean_BA: means (B, A).
        log_std_BA: log standard deviations (B, A), kept between -20 and 2.
        noise_BA: standard normal numbers (B, A).
    """
    check_same_shape(mean=mean_BA, log_std=log_std_BA, noise=noise_BA)
    clamped_BA = log_std_BA.clamp(LOG_STD_MIN, LOG_STD_MAX)
    std_BA = clamped_BA.exp()
    u_BA = torch.addcmul(mean_BA, std_BA, noise_BA)
    log_slope_BA = 2.0 * (math.log(2.0) - u_BA - F.softplus(-2.0 * u_BA))
    log_prob_B = (-0.5 * noise_BA.square() - clamped_BA - HALF_LOG_2PI - log_slope_BA).sum(1)
    return SquashedSample(u_BA.tanh(), log_prob_B, std_BA, noise_BA, clamped_BA == log_std_BA)


def squashed_gaussian_gradient(sample: SquashedSample, to_action_BA: Tensor, to_log_prob: Tensor | float) -> Tensor:
    """A loss's derivative at the outputs [mean, log_std] (B, 2A), given it at action (B, A) and log density (scalar).

    By the chain rule through u: da/du = 1 - a^2, d log pi/du = 2a, du/dmean = 1, du/dlog_std = std * noise, and
    log pi falls by 1 for each nat of log_std besides.
    """
    a_BA = sample.action_BA
    to_u_BA = to_action_BA * (1.0 - a_BA.square()) + 2.0 * to_log_prob * a_BA
    to_log_std_BA = (to_u_BA * sample.std_BA * sample.noise_BA - to_log_prob) * sample.free_BA
    return torch.cat((to_u_BA, to_log_std_BA), 1)


class RecordedSquashing(Recording):
    """The way back from a squashed sample to a network's outputs [mean, log_std] (1, B, 2A)."""

    def __init__(self, out_1BK: Tensor, sample: SquashedSample):
        super().__init__([out_1BK])
        self.sample = sample

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """By ``squashed_gaussian_gradient``."""
        to_action_BA, to_log_prob_B = to_outputs
        by_action_BA = torch.zeros_like(self.sample.action_BA) if to_action_BA is None else to_action_BA
        by_log_prob_B1 = 0.0 if to_log_prob_B is None else to_log_prob_B[:, None]
        return [squashed_gaussian_gradient(self.sample, by_action_BA, by_log_prob_B1)[None]]


def record_squashed_gaussian(out_1BK: Tensor, sample: SquashedSample) -> SquashedSample:
    """A sample of the first rows of a recorded network's outputs, as leaves of which a loss can be made."""
    recording = RecordedSquashing(out_1BK, sample)
    action_BA, log_prob_B = recording.leaf(sample.action_BA.detach()), recording.leaf(sample.log_prob_B.detach())
    return sample._replace(action_BA=action_BA, log_prob_B=log_prob_B)


def squashed(out_BK: Tensor, noise_BA: Tensor) -> SquashedSample:
    """Actions and log densities from outputs [mean, log_std] (B, 2A) and standard normal noise."""
    mean_BA, log_std_BA = out_BK.chunk(2, 1)
    return squashed_gaussian_sample(mean_BA, log_std_BA, noise_BA)


def record_squashed(out_1BK: Tensor, noise_BA: Tensor, rows: int) -> tuple[SquashedSample, SquashedSample]:
    """Actions by recorded outputs: in the first rows, to learn from, and in the others."""
    drawn = squashed(out_1BK[0].detach(), noise_BA)
    now, then = (SquashedSample._make(parts) for parts in zip(*(x.tensor_split([rows]) for x in drawn)))
    return record_squashed_gaussian(out_1BK, now), then
