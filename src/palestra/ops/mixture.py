"""Mixtures of diagonal Gaussians (Bishop 1994): several answers, how likely each is, and how far off one may be.

R  components of a mixture
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.categorical import categorical_sample
from palestra.ops.gaussian import HALF_LOG_2PI
from palestra.ops.shapes import check_rank, check_same_shape


def mixture_log_prob(logit_BR: Tensor, mean_BRA: Tensor, log_std_BRA: Tensor, action_BA: Tensor) -> Tensor:
    """(B,) log densities: log sum_r w_r N(a; m_r, s_r^2), with weights w the softmax of the logits."""
    check_rank(2, logit=logit_BR, action=action_BA)
    check_rank(3, mean=mean_BRA)
    check_same_shape(mean=mean_BRA, log_std=log_std_BRA)
    z_BRA = (action_BA[:, None] - mean_BRA) * torch.exp(-log_std_BRA)
    each_BR = (-0.5 * z_BRA.square() - log_std_BRA - HALF_LOG_2PI).sum(2)
    return torch.logsumexp(F.log_softmax(logit_BR, 1) + each_BR, 1)


def mixture_sample(logit_BR: Tensor, mean_BRA: Tensor, log_std_BRA: Tensor, generator: Generator) -> Tensor:
    """(B, A) samples: a component by its weight, then one of its Gaussian."""
    which_B = categorical_sample(logit_BR, generator)
    mean_BA, log_std_BA = _of(which_B, mean_BRA), _of(which_B, log_std_BRA)
    noise_BA = torch.randn(mean_BA.shape, generator=generator, device=mean_BA.device)
    return torch.addcmul(mean_BA, log_std_BA.exp(), noise_BA)


def mixture_likeliest(logit_BR: Tensor, mean_BRA: Tensor) -> Tensor:
    """(B, A) the mean of the component of the largest weight: one of the answers, not what lies between them."""
    check_rank(2, logit=logit_BR)
    return _of(logit_BR.argmax(1), mean_BRA)


def _of(which_B: Tensor, each_BRA: Tensor) -> Tensor:
    """(B, A) of one component each."""
    check_rank(3, each=each_BRA)
    return each_BRA[torch.arange(len(which_B), device=which_B.device), which_B]
