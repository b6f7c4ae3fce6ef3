"""Diagonal Gaussians whose mean and variance are predicted, for each row and by each member of an ensemble.

Variances are kept in bounds that are learned too (Chua et al. 2018, appendix A.1): far from data a network says any.
"""

from torch import Tensor
from torch.nn import functional as F

from palestra.ops.gaussian import HALF_LOG_2PI
from palestra.ops.shapes import check_rank, check_same_shape


def softly_bounded(raw_MBK: Tensor, low_K: Tensor, high_K: Tensor) -> Tensor:
    """(M, B, K) between bounds, with a derivative everywhere; it passes the lower one by less than what they are apart.

    high - softplus(high - raw), and then low + softplus(that - low).
    """
    check_rank(3, raw=raw_MBK)
    check_same_shape(low=low_K, high=high_K)
    below_MBK = high_K - F.softplus(high_K - raw_MBK)
    return low_K + F.softplus(below_MBK - low_K)


def predicted_nll(mean_MBK: Tensor, log_var_MBK: Tensor, target_MBK: Tensor) -> Tensor:
    """(M, B) -log N(target; mean, exp(log_var)) in nats, summed over the outputs."""
    check_rank(3, mean=mean_MBK, target=target_MBK)
    check_same_shape(mean=mean_MBK, log_var=log_var_MBK)
    off_MBK = (target_MBK - mean_MBK).square() * (-log_var_MBK).exp()
    return (0.5 * (off_MBK + log_var_MBK) + HALF_LOG_2PI).sum(2)
