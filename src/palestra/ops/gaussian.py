"""Diagonal Gaussians whose log standard deviation does not depend on the state. The first dimension is the batch."""

import math

import torch
from torch import Generator, Tensor

from palestra.ops.shapes import check_rank, check_same_shape

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def gaussian_sample(mean_BA: Tensor, log_std_A: Tensor, generator: Generator) -> Tensor:
    """(B, A) samples of N(mean, exp(log_std)^2), unbounded."""
    check_rank(2, mean=mean_BA)
    noise_BA = torch.randn(mean_BA.shape, generator=generator, device=mean_BA.device)
    return torch.addcmul(mean_BA, log_std_A.exp(), noise_BA)


def gaussian_log_prob(mean_BA: Tensor, log_std_A: Tensor, action_BA: Tensor) -> Tensor:
    """(B,) log densities, summed over action dimensions."""
    check_rank(2, mean=mean_BA, action=action_BA)
    check_rank(1, log_std=log_std_A)
    z_BA = (action_BA - mean_BA) * torch.exp(-log_std_A)
    return -0.5 * z_BA.square().sum(1) - (log_std_A + HALF_LOG_2PI).sum()


def gaussian_entropy(log_std_A: Tensor) -> Tensor:
    """Scalar differential entropy in nats, the same for every state."""
    check_rank(1, log_std=log_std_A)
    return (log_std_A + 0.5 + HALF_LOG_2PI).sum()


def gaussian_kl(mean_BA: Tensor, log_std_A: Tensor, other_mean_BA: Tensor, other_log_std_A: Tensor) -> Tensor:
    """(B,) KL(p || q) in nats, of p with ``mean`` and ``log_std`` from q with the other ones.

    log(s_q / s_p) + (s_p^2 + (m_p - m_q)^2) / (2 s_q^2) - 1/2, summed over action dimensions.
    """
    check_rank(2, mean=mean_BA, other_mean=other_mean_BA)
    check_same_shape(mean=mean_BA, other_mean=other_mean_BA)
    check_rank(1, log_std=log_std_A, other_log_std=other_log_std_A)
    log_ratio_A = log_std_A - other_log_std_A
    z_BA = (mean_BA - other_mean_BA) * torch.exp(-other_log_std_A)
    return 0.5 * z_BA.square().sum(1) + (0.5 * torch.expm1(2.0 * log_ratio_A) - log_ratio_A).sum()
