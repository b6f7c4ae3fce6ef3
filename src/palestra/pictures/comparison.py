"""The picture of a comparison: learning curves with bands, and how many trainings reach which score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.pictures import chart


@dataclass(frozen=True)
class Side:
    """What is drawn of one side; arrays of a curve are (g,), of a profile (t,)."""

    name: str
    """Its name in the picture."""
    steps: NDArray[Any]
    """Where the curve is known; empty without recorded evaluations."""
    middle: NDArray[Any]
    """Interquartile mean over the trainings."""
    low: NDArray[Any]
    """Lower end of its interval."""
    high: NDArray[Any]
    """Upper end."""
    profile: NDArray[Any]
    """Share of the trainings that reach each of ``thresholds``."""


def draw_comparison(
    path: Path, title: str, metric: str, unit: str, thresholds: NDArray[Any], sides: list[Side]
) -> Path:
    """Draw the sides of a comparison into one PNG of 1600 by 900 and return its path.

    Args:
        path: of the picture; folders above it are made.
        title: what is compared.
        metric: the name of the curves' height.
        unit: of the curves' steps.
        thresholds: (t,) scores of the profiles.
        sides: at most eight have colours of their own.
    """
    figure = chart.make_figure(9.0)
    curves, profiles = figure.add_axes((0.06, 0.1, 0.55, 0.72)), figure.add_axes((0.68, 0.1, 0.29, 0.72))
    for i, side in enumerate(sides):
        color = chart.COLORS[i % len(chart.COLORS)]
        if len(side.steps):
            curves.fill_between(side.steps, side.low, side.high, color=color, alpha=0.16, linewidth=0)
        curves.plot(side.steps, side.middle, color=color, linewidth=2.8, label=side.name)
        profiles.plot(thresholds, side.profile, color=color, linewidth=2.8, drawstyle="steps-pre")
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
