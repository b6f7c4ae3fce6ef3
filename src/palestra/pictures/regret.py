"""Pictures of regret: how much a bandit policy has lost against the best arm, on a linear and a logarithmic clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BOUND = "#1e293b"


@dataclass(frozen=True)
class RegretCurve:
    """Cumulative regret of one policy over many bandits; every array is (n,), one entry for each recorded time."""

    name: str
    pulls: NDArray[Any]
    """Pulls of each bandit so far."""
    mean: NDArray[Any]
    """Mean over bandits."""
    low: NDArray[Any]
    """Lower end of the mean's 95% interval."""
    high: NDArray[Any]
    """Upper end of it."""
    tenth: NDArray[Any]
    """10th percentile over bandits."""
    ninetieth: NDArray[Any]
    """90th percentile."""


@dataclass(frozen=True)
class Regret(Exhibit):
    """Regret of one bandit policy or of several."""

    curves: Sequence[RegretCurve]
    """At most eight."""
    lai_robbins: float | None = None
    """C of the lower bound C ln t, drawn if there is one. It binds the slope as t grows: a curve may lie below the line
    for as long as arms are too little known for the bound to bite."""


def draw_regret(path: Path, regret: Regret) -> Path:
    """Draw regret into a PNG of 1600 by 900, whose folder is made, and return its path.

    On the left against pulls, where linear regret is a straight line; on the right against their logarithm, where
    logarithmic regret is. A single curve shows the spread over bandits, several show the means' 95% intervals.
    """
    curves, lai_robbins = regret.curves, regret.lai_robbins
    figure = chart.make_figure(9.0)
    left = figure.add_axes((0.06, 0.1, 0.41, 0.72))
    right = figure.add_axes((0.53, 0.1, 0.41, 0.72), sharey=left)
    for axes, what in ((left, "pulls"), (right, "pulls, logarithmic")):
        for curve, color in zip(curves, chart.COLORS):
            _draw(axes, curve, color, spread=len(curves) == 1)
        if lai_robbins is not None:
            time = np.geomspace(1.0, max(curve.pulls[-1] for curve in curves), 200)
            dashes: dict[str, Any] = {"color": _BOUND, "linewidth": 1.8, "linestyle": (0, (6, 4))}
            label = f"Lai-Robbins  {lai_robbins:.3g} ln t"
            axes.plot(time, lai_robbins * np.log(time), label=label, **dashes)
        chart.style(axes, 13)
        axes.set_xlabel(what, color=chart.QUIET, fontsize=15, labelpad=8)
    right.set_xscale("log")
    right.xaxis.set_major_formatter("{x:,.0f}")  # a new scale brings its own
    right.tick_params(labelleft=False)
    left.set_xlim(left=0)
    tops = [curve.ninetieth.max() if len(curves) == 1 else curve.mean.max() for curve in curves]
    if lai_robbins is not None:
        tops.append(lai_robbins * np.log(max(curve.pulls[-1] for curve in curves)))
    left.set_ylim(bottom=0, top=1.04 * float(max(tops)) or 1.0)
    legend: dict[str, Any] = {"edgecolor": "white", "framealpha": 0.85, "labelcolor": chart.INK, "fontsize": 14}
    right.legend(loc="upper left", **legend)
    figure.text(0.06, 0.94, regret.title, color=chart.INK, fontsize=22, fontweight="bold", va="center")
    bands = "shaded: the middle 80% of bandits" if len(curves) == 1 else "shaded: 95% interval of the mean"
    said = f"cumulative regret, mean over bandits; {bands}"
    if lai_robbins is not None:
        said += "; dashed: the slope that none stays below as t grows"
    figure.text(0.06, 0.885, said, color=chart.QUIET, fontsize=16, va="center")
    path.parent.mkdir(parents=True, exist_ok=True)
    return chart.save(figure, path)


def _draw(axes: "Axes", curve: RegretCurve, color: str, *, spread: bool) -> None:
    if spread:
        axes.fill_between(curve.pulls, curve.tenth, curve.ninetieth, color=color, alpha=0.12, linewidth=0)
    axes.fill_between(curve.pulls, curve.low, curve.high, color=color, alpha=0.3, linewidth=0)
    axes.plot(curve.pulls, curve.mean, color=color, linewidth=2.4, label=f"{curve.name}  {curve.mean[-1]:,.4g}")
