"""Batch normalisation where several processes share a batch: each normalises its rows by the statistics of all.

Mean and variance are sums over the whole batch. A sum over processes is on each of them what it is on the others, so
the derivative of the loss by what one put in is the sum of the derivatives that all of them find.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from palestra.nets.adam import Together
from palestra.nets.batch_norm import BatchNorm
from palestra.ops.batch_norm import channel_sums, normalised
from palestra.ops.shares import Share

Norm = nn.BatchNorm1d | nn.BatchNorm2d | BatchNorm
OURS, THEIRS = ("scale_C", "shift_C", "mean_C", "variance_C"), ("weight", "bias", "running_mean", "running_var")
"""What they call scale, shift, and running mean and variance."""


class AddedUp(torch.autograd.Function):
    """The sum over all processes of what each of them has."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, together: Together) -> Tensor:
        """The sum."""
        ctx.together = together
        total = x.clone()
        together.add_up_(total)
        return total

    @staticmethod
    def backward(ctx: Any, *to_total: Tensor) -> tuple[Tensor, None]:
        """The sum of the derivatives."""
        gradient = to_total[0].clone()
        ctx.together.add_up_(gradient)
        return gradient, None


class WholeBatchNorm(nn.Module):
    """Takes the place of a batch normalisation, with its parameters and running means, under their names.

    Args:
        norm: whose place.
        together: the processes.
        share: says which rows of the batch the next ones are.
    """

    def __init__(self, norm: Norm, together: Together, share: Callable[[], Share]):
        super().__init__()
        for name, parameter in norm.named_parameters():
            self.register_parameter(name, parameter)
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)
        self.names = OURS if isinstance(norm, BatchNorm) else THEIRS
        self.momentum, self.eps = 0.1 if norm.momentum is None else norm.momentum, norm.eps
        self.together, self.share = together, share
        self.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C) or (B, C, H, W) to the same."""
        scale_C, shift_C, mean_C, variance_C = (getattr(self, name) for name in self.names)
        if not self.training:
            return normalised(x, mean_C, variance_C, scale_C, shift_C, self.eps)
        share = self.share()
        counts = 1.0 if share.weight else 0.0  # a row that is given for want of any is another's
        count = share.whole * (x[0].numel() // x.shape[1])
        batch_mean_C = self._total(counts * channel_sums(x)) / count
        batch_variance_C = self._total(counts * channel_sums(x, batch_mean_C)) / count
        with torch.no_grad():
            mean_C.lerp_(batch_mean_C, self.momentum)
            variance_C.lerp_(batch_variance_C * (count / (count - 1)), self.momentum)
            if "num_batches_tracked" in self._buffers:
                self.get_buffer("num_batches_tracked").add_(1)
        return normalised(x, batch_mean_C, batch_variance_C, scale_C, shift_C, self.eps)

    def _total(self, sum_C: Tensor) -> Tensor:
        total_C: Tensor = AddedUp.apply(sum_C, self.together)  # type: ignore[no-untyped-call]
        return total_C


def normalise_whole(net: nn.Module, together: Together, share: Callable[[], Share]) -> None:
    """Let every batch normalisation of a network see the whole batch."""
    for parent in list(net.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Norm):
                setattr(parent, name, WholeBatchNorm(child, together, share))
