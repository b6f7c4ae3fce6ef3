"""A picture of what was asked for and what was made of it: returns of a policy that can be told which one is wanted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart


@dataclass(frozen=True)
class Asked(Exhibit):
    """Returns by what was wanted."""

    wanted: NDArray[Any]
    """(n,) ascending returns that were asked for."""
    made: NDArray[Any]
    """(n, episodes) returns that came of each."""
    recorded: NDArray[Any]
    """Returns of the episodes that were learned from."""


def draw_asked(path: Path, shown: Asked) -> Path:
    """Draw every return above what was asked for, and their means, into a PNG; returns its path.

    On the dashed line is who makes exactly what is asked for. The ticks below are what was recorded.
    """
    figure = chart.make_figure(9.0)
    axes = figure.add_axes((0.08, 0.12, 0.84, 0.7))
    chart.style(axes, 13)
    low, high = (float(edge(np.concatenate([shown.wanted, shown.recorded]))) for edge in (np.min, np.max))
    axes.plot([low, high], [low, high], color=chart.INK, linewidth=1.8, linestyle=(0, (6, 4)), label="as asked for")
    each = np.repeat(shown.wanted, shown.made.shape[1])
    axes.scatter(each, shown.made.ravel(), s=60, color=chart.COLORS[0], alpha=0.35, linewidth=0, label="an episode")
    axes.plot(shown.wanted, shown.made.mean(1), color=chart.COLORS[0], linewidth=2.4, label="mean")
    axes.plot(
        shown.recorded, np.full_like(shown.recorded, 0.02), "|", markersize=18, color=chart.COLORS[1], alpha=0.5,
        label="recorded", transform=axes.get_xaxis_transform(), clip_on=False,
    )  # fmt: skip
    axes.set_xlabel("return that is asked for", color=chart.QUIET, fontsize=15, labelpad=12)
    axes.set_ylabel("return that is made", color=chart.QUIET, fontsize=15, labelpad=8)
    legend: dict[str, Any] = {"edgecolor": "white", "framealpha": 0.85, "labelcolor": chart.INK, "fontsize": 14}
    axes.legend(loc="upper left", **legend)
    figure.text(0.08, 0.92, shown.title, color=chart.INK, fontsize=22, fontweight="bold", va="center")
    path.parent.mkdir(parents=True, exist_ok=True)
    return chart.save(figure, path)
