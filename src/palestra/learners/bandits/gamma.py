"""Gamma random numbers, many at a time (Marsaglia & Tsang 2000, https://doi.org/10.1145/358407.358414)."""

import torch
from torch import Generator

from palestra.ops.columns import Array, array, log, places, tensor

_SQUEEZE = 6 * 0.0331
"""Marsaglia and Tsang accept at once if u < 1 - 0.0331 x^4, for every shape; their factor belongs to the smallest,
d = 2/3. For a larger shape it shrinks by (2/3) / d = 6 c^2, which leaves fewer numbers to look at closely."""


class GammaSampler:
    """Draws ``number`` independent samples at a time, or fewer, again and again.

    With d = shape - 1/3, c = 1 / sqrt(9 d) and x ~ N(0, 1), d (1 + c x)^3 is nearly Gamma(shape, 1); accepting it with
    probability exp(x^2 / 2 + d (1 - v + ln v)), v = (1 + c x)^3, makes it so. All are tried at once; the few that are
    refused are drawn by torch's own sampler, which does one number after another.
    """

    def __init__(self, number: int, device: torch.device | str = "cpu"):
        self._x_B = torch.empty(number, device=device)
        self._words = torch.empty(-(-number // 8), dtype=torch.int64, device=device)

    def sample(self, shape_B: Array, generator: Generator) -> Array:
        """(B,) samples of Gamma(shape, 1), exact to float rounding, for shapes (B,) float32 of at least 1."""
        d_B = shape_B - 1.0 / 3.0
        x_B = array(self._x_B[: len(shape_B)].normal_(generator=generator))
        root_B = x_B / (9.0 * d_B) ** 0.5  # c x
        curve_B = x_B * root_B  # c x^2
        root_B += 1.0
        v_B = root_B * root_B
        v_B *= root_B
        # Accept if u is below the probability, u = (byte + w) / 256: w is drawn where 256 u > 255 - 256 squeeze allows
        # a refusal. Random numbers are most of the cost, and a byte is a quarter of one.
        words = self._words[: -(-len(shape_B) // 8)].random_(-(2**63), None, generator=generator)
        byte_B = array(words.view(torch.uint8)[: len(shape_B)])
        curve_B *= curve_B
        curve_B *= 256 * _SQUEEZE
        curve_B += byte_B
        doubtful_L = places(curve_B >= 255.0)
        x_L, v_L, d_L, byte_L = (array_B[doubtful_L] for array_B in (x_B, v_B, d_B, byte_B))
        w_L = torch.rand(len(doubtful_L), generator=generator, device=self._x_B.device)
        # Where v <= 0 nothing is accepted, as it must be.
        below_L = 0.5 * x_L * x_L + d_L * (1.0 - v_L + log(v_L.clip(min=0.0)))
        refused_L = doubtful_L[log((array(w_L) + byte_L) / 256) >= below_L]
        v_B *= d_B
        if len(refused_L):
            v_B[refused_L] = array(torch._standard_gamma(tensor(shape_B[refused_L]), generator))
        return v_B
