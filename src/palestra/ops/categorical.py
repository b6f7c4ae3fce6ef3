"""One choice among several actions. Batched: the first dimension is the batch; actions count from 0."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.action_distribution import ActionDistribution
from palestra.ops.shapes import check_rank, check_same_shape


def categorical_sample(logits_BA: Tensor, generator: Generator) -> Tensor:
    """(B,) int64 samples, by inverting the cumulative distribution at one uniform number each."""
    uniform_B1 = torch.rand(logits_BA.shape[0], 1, generator=generator, device=logits_BA.device)
    return categorical_choice(logits_BA, uniform_B1)


def categorical_choice(logits_BA: Tensor, uniform_B1: Tensor) -> Tensor:
    """(B,) int64 samples that numbers (B, 1) in [0, 1) decide."""
    check_rank(2, logits=logits_BA)
    cumulative_BA = torch.softmax(logits_BA, 1).cumsum(1)
    # The last column is 1 up to rounding: leaving it out keeps every sample below A.
    return (uniform_B1 >= cumulative_BA[:, :-1]).sum(1)


def categorical_log_prob(logits_BA: Tensor, action_B: Tensor) -> Tensor:
    """(B,) log probabilities of int64 actions."""
    check_rank(2, logits=logits_BA)
    check_rank(1, action=action_B)
    return F.log_softmax(logits_BA, 1).gather(1, action_B[:, None]).squeeze(1)


def categorical_entropy(logits_BA: Tensor) -> Tensor:
    """(B,) entropies in nats."""
    check_rank(2, logits=logits_BA)
    log_prob_BA = F.log_softmax(logits_BA, 1)
    return -(log_prob_BA.exp() * log_prob_BA).sum(1)


def categorical_kl(logits_BA: Tensor, other_BA: Tensor) -> Tensor:
    """(B,) KL(p || q) in nats, of p with ``logits`` from q with ``other`` logits."""
    check_rank(2, logits=logits_BA, other=other_BA)
    check_same_shape(logits=logits_BA, other=other_BA)
    log_prob_BA = F.log_softmax(logits_BA, 1)
    return (log_prob_BA.exp() * (log_prob_BA - F.log_softmax(other_BA, 1))).sum(1)


class Categorical(ActionDistribution):
    """One choice among ``n``: outputs are logits (B, n), actions (B,) int64."""

    action_shape = ()
    action_dtype = torch.int64

    def __init__(self, n: int):
        super().__init__()
        self.num_outputs = n

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        return categorical_sample(out_BK, generator)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return out_BK.argmax(1)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        return categorical_log_prob(out_BK, action)

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return categorical_entropy(out_BK)

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        return categorical_kl(frozen_BK, out_BK)

    def encoded(self, action: Tensor) -> Tensor:
        """One-hot (B, n)."""
        return F.one_hot(action, self.num_outputs).float()
