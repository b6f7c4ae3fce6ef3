"""Several independent choices between yes and no. Batched: the first dimension is the batch; actions are 0 or 1."""

from math import prod

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.action_distribution import ActionDistribution
from palestra.ops.shapes import check_rank, check_same_shape


def bernoulli_sample(logits_BA: Tensor, generator: Generator) -> Tensor:
    """(B, A) int64 samples, by one uniform number each."""
    check_rank(2, logits=logits_BA)
    uniform_BA = torch.rand(logits_BA.shape, generator=generator, device=logits_BA.device)
    return (uniform_BA < torch.sigmoid(logits_BA)).long()


def bernoulli_log_prob(logits_BA: Tensor, action_BA: Tensor) -> Tensor:
    """(B,) log probabilities of actions 0 or 1, summed over their parts."""
    check_rank(2, logits=logits_BA, action=action_BA)
    # log sigma(x) of a one and log sigma(-x) of a zero, without rounding either to log 0.
    return F.logsigmoid(torch.where(action_BA.bool(), logits_BA, -logits_BA)).sum(1)


def bernoulli_entropy(logits_BA: Tensor) -> Tensor:
    """(B,) entropies in nats, summed over the parts."""
    check_rank(2, logits=logits_BA)
    one_BA = torch.sigmoid(logits_BA)
    return -(one_BA * F.logsigmoid(logits_BA) + (1.0 - one_BA) * F.logsigmoid(-logits_BA)).sum(1)


def bernoulli_kl(logits_BA: Tensor, other_BA: Tensor) -> Tensor:
    """(B,) KL(p || q) in nats, of p with ``logits`` from q with ``other`` logits, summed over the parts."""
    check_rank(2, logits=logits_BA, other=other_BA)
    check_same_shape(logits=logits_BA, other=other_BA)
    one_BA = torch.sigmoid(logits_BA)
    of_one_BA = F.logsigmoid(logits_BA) - F.logsigmoid(other_BA)
    of_zero_BA = F.logsigmoid(-logits_BA) - F.logsigmoid(-other_BA)
    return (one_BA * of_one_BA + (1.0 - one_BA) * of_zero_BA).sum(1)


class Bernoulli(ActionDistribution):
    """Independent choices between 0 and 1 of some shape: outputs are the logits of 1, actions (B, *shape) int64."""

    action_dtype = torch.int64

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.action_shape = shape
        self.num_outputs = prod(shape)

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        return bernoulli_sample(out_BK, generator).view(-1, *self.action_shape)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return (out_BK > 0).long().view(-1, *self.action_shape)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        return bernoulli_log_prob(out_BK, action.reshape(out_BK.shape))

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return bernoulli_entropy(out_BK)

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        return bernoulli_kl(frozen_BK, out_BK)

    def encoded(self, action: Tensor) -> Tensor:
        """The zeros and ones as numbers, (B, K)."""
        return action.reshape(len(action), -1).float()
