"""Some of a network's outputs, as a part of the chain of recordings that a loss is differentiated through."""

from collections.abc import Sequence

import torch
from torch import Tensor

from palestra.ops.terms import Recording


class RecordedGather(Recording):
    """``out.gather(dim, index)``, whose way back puts zeros everywhere else."""

    def __init__(self, out: Tensor, dim: int, index: Tensor):
        super().__init__([out])
        self.dim, self.index = dim, index

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """The derivative at ``out``, given that at what was gathered."""
        (to_gathered,) = to_outputs
        assert to_gathered is not None
        (out,) = self.inputs
        if to_gathered.dim() < self.index.dim():
            to_gathered = to_gathered.unsqueeze(self.dim)
        return [torch.zeros_like(out).scatter_(self.dim, self.index, to_gathered)]


def gather(out: Tensor, dim: int, index: Tensor, squeeze: bool = False) -> Tensor:
    """``out.gather(dim, index)``, recorded where ``out`` is; with ``squeeze`` without that dimension."""
    gathered = out.detach().gather(dim, index)
    if squeeze:
        gathered = gathered.squeeze(dim)
    return RecordedGather(out, dim, index).leaf(gathered) if out.requires_grad else gathered
