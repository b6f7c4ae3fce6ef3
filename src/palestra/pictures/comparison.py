"""The picture of a comparison: learning curves with bands, and how many trainings reach which score."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.ops import evidence
from palestra.pictures import chart

Series = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Steps and values (n,) of the evaluations of one training."""

POINTS = 60
"""Steps of a curve that are computed."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: trainings that differ in their seed alone."""

    name: str
    """Its name in the picture."""
    series: Sequence[Series]
    """Of each training; without them, or with one that is empty, the side has no curve."""
    values: NDArray[np.float64]
    """(n,) what each training came to."""


@dataclass(frozen=True)
class Curve:
    """The trainings of a side together; each array is (g,)."""

    steps: NDArray[Any]
    """Where it is known: from where every training has been evaluated."""
    middle: NDArray[Any]
    """Interquartile mean over the trainings."""
    low: NDArray[Any]
    """Lower end of its 95% interval."""
    high: NDArray[Any]
    """Upper end."""


def curve_of(series: Sequence[Series]) -> Curve | None:
    """The interquartile mean of some trainings with its interval, at steps of theirs; None without evaluations.

    A training that ended, at its target or its budget, keeps its last evaluation.
    """
    if not series or any(len(steps) == 0 for steps, _ in series):
        return None
    grid = np.unique(np.concatenate([steps for steps, _ in series]))
    grid = grid[grid >= max(steps[0] for steps, _ in series)]
    grid = grid[np.unique(np.linspace(0, len(grid) - 1, POINTS).round().astype(int))]
    curve_GN = np.stack([as_steps(steps, values, grid) for steps, values in series], axis=1)
    low, high = evidence.bootstrap_interval(evidence.iqm, curve_GN, resamples=2_000)
    return Curve(grid, evidence.iqm(curve_GN), low, high)


def thresholds_over(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(t,) scores from below the lowest of these values to above the highest."""
    margin = 0.05 * (float(np.ptp(values)) or 1.0)
    return np.linspace(values.min() - margin, values.max() + margin, 200)


def draw_comparison(path: Path, title: str, metric: str, unit: str, sides: Sequence[Side]) -> Path:
    """Draw sample-efficiency curves and performance profiles into one PNG of 1600 by 900 and return its path.

    Args:
        path: of the picture; folders above it are made.
        title: what is compared.
        metric: the name of the curves' height.
        unit: of the curves' steps.
        sides: at most eight have colours of their own.
    """
    figure = chart.make_figure(9.0)
    curves, profiles = figure.add_axes((0.06, 0.1, 0.55, 0.72)), figure.add_axes((0.68, 0.1, 0.29, 0.72))
    thresholds = thresholds_over(np.concatenate([side.values for side in sides]))
    for i, side in enumerate(sides):
        color, curve = chart.COLORS[i % len(chart.COLORS)], curve_of(side.series)
        if curve is not None:
            curves.fill_between(curve.steps, curve.low, curve.high, color=color, alpha=0.16, linewidth=0)
            curves.plot(curve.steps, curve.middle, color=color, linewidth=2.8, label=side.name)
        else:
            curves.plot([], [], color=color, linewidth=2.8, label=side.name)  # it has its name in the legend
        profile = evidence.performance_profile(side.values, thresholds)
        profiles.plot(thresholds, profile, color=color, linewidth=2.8, drawstyle="steps-pre")
    for axes, text in ((curves, f"{unit} of each training"), (profiles, metric)):
        chart.style(axes, size=14)
        axes.set_xlabel(text, color=chart.QUIET, fontsize=15, labelpad=10)
    profiles.set_ylim(-0.02, 1.02)
    curves.set_title(f"{metric}: interquartile mean, 95% bands", loc="left", color=chart.QUIET, fontsize=15, pad=12)
    profiles.set_title("share of trainings that reach it", loc="left", color=chart.QUIET, fontsize=15, pad=12)
    curves.legend(frameon=False, fontsize=15, labelcolor=chart.INK, loc="best")
    figure.text(0.06, 0.93, title, color=chart.INK, fontsize=23, fontweight="bold", va="center")
    return chart.save(figure, path)


def as_steps(steps: NDArray[np.int64], values: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """A series (n,) at other steps (g,): the last value at or before each, NaN before the first."""
    where = np.searchsorted(steps, at, side="right") - 1
    return np.where(where >= 0, values[np.maximum(where, 0)], np.nan)
