"""The picture of what an estimator went by: a bar for each of the columns that counted most."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.numbers import number

MOST = 20
"""Bars."""
_WIDTH, _LINE = 11.0, 0.36
"""Inches of the picture, and of each bar with what is around it."""


@dataclass(frozen=True)
class Importance(Exhibit):
    """How much each column counted."""

    said: str
    """How that is measured."""
    names: Sequence[str]
    """Of the columns, the one that counted most first."""
    shares: NDArray[np.float64]
    """(n,) of each."""


def draw_importance(path: Path, shown: Importance) -> Path:
    """Draw the columns that counted most into a PNG; returns its path."""
    count = min(MOST, len(shown.names))
    height = 1.5 + _LINE * count
    figure = chart.make_figure(height, _WIDTH)
    axes = figure.add_axes((0.32, 0.45 / height, 0.6, 1 - 1.5 / height))
    bars = axes.barh(np.arange(count), 100 * shown.shares[:count], 0.72, color=chart.COLORS[0])
    axes.bar_label(bars, [f"{number(100 * share, 3)}%" for share in shown.shares[:count]], color=chart.QUIET, padding=4)
    chart.style(axes, 11)
    axes.set_yticks(np.arange(count), shown.names[:count])
    axes.set_ylim(count - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(lambda value, _: f"{number(value)}%")
    others = len(shown.names) - count
    more = f"; {others} more columns are not shown" if others else ""
    figure.text(0.02, 1 - 0.4 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.75 / height, f"{shown.said}{more}", fontsize=12, color=chart.QUIET, va="center")
    return chart.save(figure, path)
