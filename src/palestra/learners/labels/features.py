"""Samples as rows of numbers: tables as they are, images standardised and laid out in a line."""

from typing import ClassVar

import torch
from torch import Tensor

from palestra.learners.labels.standardisation import Standardisation


class Features:
    """From inputs (B, ...) to (B, F) float64.

    Args:
        inputs: (N, F) rows, or images (N, H, W) or (N, H, W, C): those of the training split.
    """

    saves: ClassVar[tuple[str, ...]] = ("standardised",)

    def __init__(self, inputs: Tensor):
        self.standardised = None if inputs.dim() == 2 else Standardisation(inputs)
        self.count = self(inputs[:1]).shape[1]

    def __call__(self, inputs: Tensor) -> Tensor:
        """The rows."""
        rows = inputs if self.standardised is None else self.standardised(inputs).flatten(1)
        return rows.to(torch.float64)
