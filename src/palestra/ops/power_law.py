"""How an error falls with the number of rows: a + b n^-c, where it does (Hestness et al. 2017; Viering & Loog 2023)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

EXPONENTS = np.linspace(0.1, 2.0, 77)
"""The values of c that are tried."""


class PowerLaw(NamedTuple):
    """error = floor + scale n^-exponent."""

    floor: float
    """What no number of rows takes away."""
    scale: float
    exponent: float
    fits: bool
    """Whether it falls, and passes through the band of every size: only then is it worth a look ahead."""

    def __call__(self, rows: float) -> float:
        """The error at so many rows."""
        return float(self.floor + self.scale * rows**-self.exponent)


def power_law(rows: ArrayLike, errors: ArrayLike, halves: ArrayLike) -> PowerLaw:
    """The power law nearest to errors at numbers of rows, each counted by the width of its band.

    For each c the best a and b are a straight line's, weighted; neither may be negative.

    Args:
        rows: (s,) sizes, three different ones or more.
        errors: (s,) the error at each.
        halves: (s,) half the width of the band of each.
    """
    size, error, half = (np.asarray(each, np.float64) for each in (rows, errors, halves))
    if len(set(size.tolist())) < 3:
        raise ValueError(f"a power law through {len(set(size.tolist()))} sizes; expected three or more")
    weight = 1 / np.maximum(half, 1e-9 + 0.01 * np.abs(error).max()) ** 2
    best: tuple[float, float, float, float] | None = None
    for exponent in EXPONENTS:
        floor, scale = _line(size**-exponent, error, weight)
        miss = float((weight * (floor + scale * size**-exponent - error) ** 2).sum())
        if best is None or miss < best[0]:
            best = (miss, floor, scale, float(exponent))
    assert best is not None
    _, floor, scale, exponent = best
    off = np.abs(floor + scale * size**-exponent - error)
    falls = scale * (size.min() ** -exponent - size.max() ** -exponent) > half[size.argmax()]
    inside = bool((off <= np.maximum(half, 1e-12)).all())
    return PowerLaw(floor, scale, exponent, len(size) >= 4 and bool(falls) and inside)


def _line(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Intercept and slope, neither negative, of the weighted least squares."""
    total, mean_x, mean_y = weight.sum(), np.average(x, weights=weight), np.average(y, weights=weight)
    spread = float((weight * (x - mean_x) ** 2).sum())
    slope = float((weight * (x - mean_x) * (y - mean_y)).sum()) / spread if spread > 1e-12 * total else 0.0
    if slope <= 0:
        return max(0.0, float(mean_y)), 0.0
    intercept = float(mean_y - slope * mean_x)
    if intercept < 0:  # the line through the origin instead
        return 0.0, float((weight * x * y).sum() / (weight * x * x).sum())
    return intercept, slope
