"""Batch normalisation as a layer, from scratch; ``nn.BatchNorm2d`` and ``nn.BatchNorm1d`` are its fast twins."""

import torch
from torch import Tensor, nn

from palestra.ops.batch_norm import channel_moments, normalised, unbiased


class BatchNorm(nn.Module):
    """By the batch's statistics while it trains, by their running means otherwise: (B, C[, H, W]) to the same.

    What decides is ``training`` and nothing else: a gradient taken in evaluation, of a saliency map for one, moves no
    statistic. The statistics are buffers: they are saved, and go where the weights go.

    Args:
        channels: C.
        momentum: share of each batch in the running means.
        eps: added to variances.
    """

    mean_C: Tensor
    variance_C: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.scale_C = nn.Parameter(torch.ones(channels))
        self.shift_C = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean_C", torch.zeros(channels))
        self.register_buffer("variance_C", torch.ones(channels))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Scale 1 and shift 0; of the running means too."""
        for ones, zeros in ((self.scale_C, self.shift_C), (self.variance_C, self.mean_C)):
            ones.fill_(1.0)
            zeros.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C) or (B, C, H, W) to the same."""
        if not self.training:
            return normalised(x, self.mean_C, self.variance_C, self.scale_C, self.shift_C, self.eps)
        mean_C, variance_C = channel_moments(x)
        with torch.no_grad():  # outside of the graph, or every batch would hold the one before it
            self.mean_C.lerp_(mean_C, self.momentum)
            self.variance_C.lerp_(unbiased(variance_C, x), self.momentum)
        return normalised(x, mean_C, variance_C, self.scale_C, self.shift_C, self.eps)
