"""A learned world: several networks that say what an action changes and pays, and how sure they are (Chua et al. 2018).

    (change of what is observed, reward) ~ N(mean_m(o, a), variance_m(o, a)),   m = 1 ... M

The variance is of what nobody can know; where the members differ, too little was seen. Inputs and targets are brought
to mean 0 and deviation 1 here, so that what goes in and what comes out is in the world's own units.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import uniform_fan_in_
from palestra.ops.predicted_gaussian import softly_bounded

LEAST, MOST = -10.0, 0.5
"""Bounds of the logarithm of a variance at first, of targets with deviation 1."""
CONSTANT = 1e-6
"""A deviation below which a number counts as one that never changes."""


class Foretold(NamedTuple):
    """What M members say of B rows."""

    mean_MBK: Tensor
    """(M, B, K) change of each observed number and, last, the reward."""
    log_var_MBK: Tensor
    """(M, B, K) logarithm of the variance of each."""


class DynamicsEnsemble(nn.Module):
    """M networks with SiLU between their layers, side by side: one batched product a layer.

    Args:
        members: M.
        observed: numbers of an observation.
        acted: numbers of an action.
        hidden_sizes: of the layers between; none for a linear world.
        generator: draws the initial weights, one network after another.
    """

    shift_F: Tensor
    scale_F: Tensor
    shift_K: Tensor
    scale_K: Tensor

    def __init__(self, members: int, observed: int, acted: int, hidden_sizes: Sequence[int], generator: Generator):
        super().__init__()
        self.members, self.observed, self.acted = members, observed, acted
        outputs = observed + 1
        shapes = list(pairwise([observed + acted, *hidden_sizes, 2 * outputs]))
        weights = [torch.empty(members, fan_in, fan_out) for fan_in, fan_out in shapes]
        biases = [torch.empty(members, 1, fan_out) for _, fan_out in shapes]
        for m in range(members):
            for weight, bias in zip(weights, biases):
                uniform_fan_in_(weight[m].t(), bias[m, 0], generator)
        self.weights, self.biases = nn.ParameterList(weights), nn.ParameterList(biases)
        self.low_K = nn.Parameter(torch.full((outputs,), LEAST))
        self.high_K = nn.Parameter(torch.full((outputs,), MOST))
        for name, size in (("F", observed + acted), ("K", outputs)):
            self.register_buffer(f"shift_{name}", torch.zeros(size))
            self.register_buffer(f"scale_{name}", torch.ones(size))

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Self:
        """The ensemble of a ``state_dict``. KeyError, ValueError or RuntimeError where it is of another network."""
        shapes = [state[f"weights.{i}"].shape for i in range(sum(name.startswith("weights.") for name in state))]
        if not shapes:
            raise ValueError("no layer")
        observed = len(state["high_K"]) - 1
        hidden = [fan_out for _, _, fan_out in shapes[:-1]]
        made = cls(shapes[0][0], observed, shapes[0][1] - observed, hidden, torch.Generator())
        made.load_state_dict(dict(state))
        return made

    def forward(self, x: Tensor) -> Foretold:
        """What follows from rows (B, F), or (M, B, F) of each member's own, in units in which targets have deviation 1.

        Rows of float64 are computed as such.
        """
        x_MBF = ((x - self.shift_F) * self.scale_F).to(x.dtype).expand(self.members, *x.shape[-2:])
        *hidden, (last_weight, last_bias) = zip(self.weights, self.biases)
        for weight, bias in hidden:
            x_MBF = F.silu(torch.baddbmm(bias.to(x.dtype), x_MBF, weight.to(x.dtype)))
        mean_MBK, raw_MBK = torch.baddbmm(last_bias.to(x.dtype), x_MBF, last_weight.to(x.dtype)).chunk(2, -1)
        return Foretold(mean_MBK, softly_bounded(raw_MBK, self.low_K, self.high_K).to(x.dtype))

    def as_target(self, out_MBK: Tensor) -> Tensor:
        """The same in the world's units."""
        return (out_MBK / self.scale_K + self.shift_K).to(out_MBK.dtype)

    def as_output(self, target_BK: Tensor) -> Tensor:
        """Targets (..., K) in the units of what ``forward`` says."""
        return (target_BK - self.shift_K) * self.scale_K

    @property
    def slack(self) -> Tensor:
        """() how far the bounds of all variances are apart, which a loss keeps small (appendix A.1)."""
        return (self.high_K - self.low_K).sum()

    @torch.no_grad()
    def standardise(self, inputs_NF: Tensor, targets_NK: Tensor) -> None:
        """Bring these rows to mean 0 and deviation 1, from now on."""
        rows = ((inputs_NF, self.shift_F, self.scale_F), (targets_NK, self.shift_K, self.scale_K))
        for row_NL, shift_L, scale_L in rows:
            variance_L, mean_L = torch.var_mean(row_NL.double(), 0, correction=0)
            deviation_L = variance_L.sqrt()
            shift_L.copy_(mean_L)
            scale_L.copy_(torch.where(deviation_L > CONSTANT, 1 / deviation_L, 1.0))
