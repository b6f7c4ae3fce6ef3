"""Are two results the same? Bit for bit, but for rounding, or not at all."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Arrays = dict[str, np.ndarray]
Verdict = Literal["equal", "equal to 1e-5", "differs"]
VERDICTS: tuple[Verdict, ...] = ("equal", "equal to 1e-5", "differs")
"""From best to worst."""
TOLERANCE = 1e-5
SAID = ("evaluation/eval/", "reference/eval/", "rows/env/")
"""Figures of episodes. One that only the new side has is what environments say in info, which was dropped before."""
SMALLEST_SCALE = 0.1
"""Of a metric: a loss whose terms cancel is nearly zero, and its rounding is that of the terms, which are about one."""


@dataclass(frozen=True)
class Comparison:
    """What comparing a case's results came to."""

    verdict: Verdict
    difference: float
    """The largest of all arrays, relative to the array's largest number; 0 if equal, infinite if not comparable."""
    where: str
    """The array of that difference."""
    numbers: int
    """How many were compared."""


def difference(old: np.ndarray, new: np.ndarray, smallest_scale: float = 0.0) -> float | None:
    """The largest difference of two arrays relative to the largest number of the first; None if they are bitwise equal.

    It is relative to ``smallest_scale`` where no number is as large as that.

    Infinite where a relative difference says nothing: another shape or dtype, integers or text that are not the same,
    or numbers that are not finite on one side.
    """
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        return math.inf
    if old.tobytes() == new.tobytes():
        return None
    if old.dtype.kind != "f":
        return math.inf
    finite = np.isfinite(old)
    if not np.array_equal(old[~finite], new[~finite], equal_nan=True) or not np.isfinite(new[finite]).all():
        return math.inf
    if not finite.any():
        return 0.0  # NaN of another kind
    apart = float(np.abs(old[finite].astype(np.float64) - new[finite].astype(np.float64)).max())
    scale = max(float(np.abs(old[finite]).max()), smallest_scale)
    return 0.0 if apart == 0 else apart / scale if scale else math.inf


def compare(old: Arrays, new: Arrays) -> Comparison:
    """All arrays of a case. What was learned is sought under any name, the rest under its own."""
    learned = {name: array for name, array in old.items() if name.startswith("learned/")}
    kept = [array for name, array in new.items() if name.startswith(("learned/", "kept/"))]
    found = {name: nearest(array, kept) for name, array in learned.items()}
    others = {name for name in {*old, *new} if not name.startswith(("learned/", "kept/"))}
    others -= {name for name in new if name not in old and name.startswith(SAID)}
    for name in others:
        scale = SMALLEST_SCALE if name.startswith("rows/") else 0.0
        found[name] = difference(old[name], new[name], scale) if name in old and name in new else math.inf
    unequal = {name: apart for name, apart in found.items() if apart is not None}
    numbers = sum(old[name].size for name in found if name in old)
    if not unequal:
        return Comparison("equal", 0.0, "", numbers)
    where = max(sorted(unequal), key=unequal.__getitem__)
    verdict: Verdict = "equal to 1e-5" if unequal[where] <= TOLERANCE else "differs"
    return Comparison(verdict, unequal[where], where, numbers)


def nearest(array: np.ndarray, candidates: list[np.ndarray]) -> float | None:
    """The difference to the most similar of the candidates, None if one is bitwise equal."""
    smallest = math.inf
    for candidate in candidates:
        apart = difference(array, candidate)
        if apart is None:
            return None
        smallest = min(smallest, apart)
    return smallest
