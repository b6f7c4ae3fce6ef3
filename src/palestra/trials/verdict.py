"""What N seeds say about a claim: the rule, in one place. docs/decisions/0006-verdicts.md says why it is this one.

Importing this loads no NumPy, since every listing of recipes phrases verdicts; only ``judge`` computes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from palestra.pictures.numbers import number

Interval = tuple[float, float]
Evidence = Literal["enough", "provisional", "not enough"]

ENOUGH = 10
"""Seeds from which a verdict stands."""
PROVISIONAL = 5
"""Seeds from which there is one, provisionally. With fewer there are only points."""


@dataclass(frozen=True)
class Verdict:
    """What the seeds of one recipe came to."""

    seeds: int
    """How many."""
    evidence: Evidence
    """``enough`` from 10 seeds, ``provisional`` from 5."""
    verdict: Literal["held", "not held"] | None
    """None with too few seeds, and where nothing is claimed."""
    reached: int | None
    """Seeds whose value reaches the threshold; None where nothing is claimed."""
    share_interval: Interval | None
    """Wilson's 95% interval of the share of trainings that reach it; None with too few seeds."""
    iqm: float | None
    """Interquartile mean of the values; None with too few seeds."""
    iqm_interval: Interval | None
    """Its 95% bootstrap interval."""
    shortfall: float | None
    """Mean distance short of the threshold, of all seeds; None where nothing is claimed."""


def judge(values: Sequence[float], threshold: float | None, direction: Literal["up", "down"] = "up") -> Verdict:
    """Hold one value for each seed against a threshold.

    The claim is **held** if a typical training reaches it, on both counts: the lower end of the interquartile mean's
    interval is at least the threshold, and the lower end of the interval of the share of seeds that reach it is above
    one half. Otherwise it is **not held**. The second count takes 9 of 10 seeds, so that a recipe of which only every
    second training reaches the threshold passes by luck in 1.1% of cases; the first forgives a near miss among ten,
    but not one that came to nothing. A value that is not a number came to nothing.

    Of a metric of which less is better (``direction`` "down"), the same is said of the values' negatives.
    """
    from palestra.ops import evidence

    if direction == "down":
        return _negated(judge([-value for value in values], None if threshold is None else -threshold))
    values = [-math.inf if math.isnan(value) else value for value in values]  # it came to nothing
    n = len(values)
    kind: Evidence = "enough" if n >= ENOUGH else "provisional" if n >= PROVISIONAL else "not enough"
    reached = None if threshold is None else sum(value >= threshold for value in values)
    shortfall = None if threshold is None else float(evidence.optimality_gap(values, threshold))
    if kind == "not enough":
        return Verdict(n, kind, None, reached, None, None, None, shortfall)
    middle = float(evidence.iqm(values))
    low, high = map(float, evidence.bootstrap_interval(evidence.iqm, values))
    if threshold is None or reached is None:
        return Verdict(n, kind, None, None, None, middle, (low, high), None)
    share = evidence.wilson_interval(reached, n)
    held = low >= threshold and share[0] > 0.5
    return Verdict(n, kind, "held" if held else "not held", reached, share, middle, (low, high), shortfall)


def _negated(verdict: Verdict) -> Verdict:
    """The verdict on the values whose negatives were judged."""
    middle, interval = verdict.iqm, verdict.iqm_interval
    return replace(
        verdict,
        iqm=None if middle is None else -middle,
        iqm_interval=None if interval is None else (-interval[1], -interval[0]),
    )


def phrase(verdict: Verdict, values: Sequence[float]) -> str:
    """A verdict in one line: ``held 10/10, IQM 498.2 [496.1, 500]``."""
    if verdict.iqm is None or verdict.iqm_interval is None:
        seeds = "1 seed" if verdict.seeds == 1 else f"{verdict.seeds} seeds"
        reached = "" if verdict.reached is None else f", {verdict.reached} reached it"
        return f"no verdict from {seeds}: {', '.join(map(number, values))}{reached}"
    low, high = verdict.iqm_interval
    middle = f"IQM {number(verdict.iqm)} [{number(low)}, {number(high)}]"
    provisional = " (provisional)" if verdict.evidence == "provisional" else ""
    if verdict.verdict is None:
        return f"{middle} of {verdict.seeds}{provisional}"
    return f"{verdict.verdict} {verdict.reached}/{verdict.seeds}, {middle}{provisional}"


def short_of(optimum: float, verdict: Verdict, values: Sequence[float]) -> str:
    """The regret in words: how far the interquartile mean, of a few seeds the mean, is below the best that there is."""
    middle = sum(values) / len(values) if verdict.iqm is None else verdict.iqm
    return f"{number(optimum - middle)} short of the optimum"
