"""Gamma random numbers, many at a time (Marsaglia & Tsang 2000, https://doi.org/10.1145/358407.358414)."""

import numpy as np
import torch
from torch import Generator, Tensor

_SQUEEZE = 6 * 0.0331
"""Marsaglia and Tsang accept at once if u < 1 - 0.0331 x^4, for every shape; their factor belongs to the smallest,
d = 2/3. For a larger shape it shrinks by (2/3) / d = 6 c^2, which leaves fewer numbers to look at closely."""


class GammaSampler:
    """Draws ``number`` independent samples at a time, again and again, in memory that it keeps.

    With d = shape - 1/3, c = 1 / sqrt(9 d) and x ~ N(0, 1), d (1 + c x)^3 is nearly Gamma(shape, 1); accepting it with
    probability exp(x^2 / 2 + d (1 - v + ln v)), v = (1 + c x)^3, makes it so. All are tried at once; the few that are
    refused are drawn by torch's own sampler, which does one number after another.
    """

    def __init__(self, number: int, device: torch.device | str = "cpu"):
        self._d_B, self._x_B, self._root_B, self._curve_B, self._reach_B = torch.empty(5, number, device=device)
        self._words = torch.empty(-(-number // 8), dtype=torch.int64, device=device)
        self._byte_B = self._words.view(torch.uint8)[:number]

    def sample(self, shape_B: Tensor, generator: Generator) -> Tensor:
        """(B,) samples of Gamma(shape, 1), exact to float rounding, for shapes (B,) float32 of at least 1.

        They lie in memory that the next call writes over.
        """
        d_B = torch.sub(shape_B, 1.0 / 3.0, out=self._d_B)
        c_B = torch.mul(d_B, 9.0, out=self._root_B).rsqrt_()
        x_B = self._x_B.normal_(generator=generator)
        root_B = c_B.mul_(x_B)  # v is the cube of 1 + root
        curve_B = torch.mul(x_B, root_B, out=self._curve_B)  # c x^2
        v_B = root_B.add_(1.0).pow_(3)
        # Accept if u is below the probability, u = (byte + w) / 256: w is drawn where 256 u > 255 - 256 squeeze allows
        # a refusal. Random numbers are most of the cost, and a byte is a quarter of one.
        self._words.random_(-(2**63), None, generator=generator)
        reach_B = self._reach_B.copy_(self._byte_B).addcmul_(curve_B, curve_B, value=256 * _SQUEEZE)
        doubtful_L = _places_from(reach_B, 255.0)
        x_L, v_L, d_L, byte_L = (z.index_select(0, doubtful_L) for z in (x_B, v_B, d_B, self._byte_B))
        u_L = (torch.empty_like(d_L).uniform_(generator=generator) + byte_L) / 256
        # Where v <= 0 the logarithm is not a number (or -inf), and the comparison is false: refused, as it must be.
        accepted_L = u_L.log() < 0.5 * x_L.square() + d_L * (1.0 - v_L + v_L.log())
        refused_L = doubtful_L.masked_select(~accepted_L)
        again_L: Tensor = torch._standard_gamma(shape_B.index_select(0, refused_L), generator)
        return v_B.mul_(d_B).index_copy_(0, refused_L, again_L)


def _places_from(x_B: Tensor, bound: float) -> Tensor:
    """(L,) int64 indices of numbers that reach a bound."""
    if x_B.device.type == "cpu":  # where few do, NumPy finds them sooner
        return torch.from_numpy(np.flatnonzero(x_B.numpy() >= np.float32(bound)))
    return (x_B >= bound).nonzero().squeeze(1)
