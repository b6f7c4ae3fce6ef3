"""Panels side by side: lines, bars, and ways down a landscape. What a lesson has to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TALL = 4.6
"""Inches of a panel."""
_LEVELS = 14
"""Lines of equal height of a landscape."""


@dataclass(frozen=True)
class Lines:
    """Some series over one axis."""

    title: str
    across: str
    """What the axis is."""
    lines: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    """Name to places and heights, (n,) each."""
    logarithmic: bool = False
    """Whether heights are; what is not above zero is then left out."""
    bounds: tuple[float, float] | None = None
    """Between which heights it is drawn, where that is not up to the lines."""


@dataclass(frozen=True)
class Bars:
    """Some figures of some things."""

    title: str
    names: Sequence[str]
    """Of the things."""
    figures: Mapping[str, Sequence[float]]
    """Series to a figure of each."""


@dataclass(frozen=True)
class Ways:
    """Ways down a landscape."""

    title: str
    x: NDArray[Any]
    """(W,) places across."""
    y: NDArray[Any]
    """(H,) places up."""
    height: NDArray[Any]
    """(H, W) of the landscape, lowest at 0."""
    ways: Mapping[str, NDArray[Any]]
    """Name to (n, 2) points, one after the other."""


@dataclass(frozen=True)
class Field:
    """A figure at every place of a plane, as a colour."""

    title: str
    x: NDArray[Any]
    """(W,) places across."""
    y: NDArray[Any]
    """(H,) places up."""
    figure: NDArray[Any]
    """(H, W); blank where it is not a number."""
    across: str = ""
    """What the places across are."""
    up: str = ""


Panel = Lines | Bars | Ways | Field


@dataclass(frozen=True)
class Panels(Exhibit):
    """Some panels, line by line."""

    said: str
    """Below the title."""
    panels: Sequence[Panel]
    """At least one."""
    columns: int = 3
    """Side by side."""


def draw_panels(path: Path, shown: Panels) -> Path:
    """Draw panels into a PNG; returns its path. A name has one colour in all of them."""
    names = dict.fromkeys(name for panel in shown.panels for name in _names(panel))
    colors = {name: chart.COLORS[i % len(chart.COLORS)] for i, name in enumerate(names)}
    lines = -(-len(shown.panels) // shown.columns)
    height = 1.4 + lines * _TALL
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        lines,
        shown.columns,
        left=0.05,
        right=0.98,
        top=1 - 1.7 / height,
        bottom=0.65 / height,
        hspace=0.35,
        wspace=0.18,
    )
    for place, panel in enumerate(shown.panels):
        axes = figure.add_subplot(cells[divmod(place, shown.columns)])
        match panel:
            case Lines():
                _draw_lines(axes, panel, colors)
            case Bars():
                _draw_bars(axes, panel, colors)
            case Ways():
                _draw_ways(axes, panel, colors)
            case Field():
                _draw_field(axes, panel)
        axes.set_title(panel.title, loc="left", color=chart.INK, fontsize=14, pad=10)
        if (own := _names(panel)) and (place == 0 or own != _names(shown.panels[0])):
            axes.legend(frameon=False, fontsize=11, labelcolor=chart.INK, loc="best")
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=20, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.85 / height, shown.said, fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def _names(panel: Panel) -> list[str]:
    match panel:
        case Lines():
            return [*panel.lines]
        case Bars():
            return [*panel.figures]
        case Ways():
            return [*panel.ways]
        case Field():
            return []


def _draw_lines(axes: "Axes", panel: Lines, colors: Mapping[str, str]) -> None:
    for name, (x, y) in panel.lines.items():
        known = np.isfinite(y) & ((y > 0) | (not panel.logarithmic))
        axes.plot(x[known], y[known], color=colors[name], linewidth=2.2, label=name)
    chart.style(axes, 11)
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    if panel.bounds is not None:
        axes.set_ylim(*panel.bounds)
    axes.set_xlabel(panel.across, color=chart.QUIET, fontsize=12)


def _draw_bars(axes: "Axes", panel: Bars, colors: Mapping[str, str]) -> None:
    wide = 0.8 / len(panel.figures)
    for i, (name, figures) in enumerate(panel.figures.items()):
        places = np.arange(len(figures)) + (i - (len(panel.figures) - 1) / 2) * wide
        bars = axes.bar(places, figures, 0.92 * wide, color=colors[name], label=name)
        axes.bar_label(bars, [number(value, 3) for value in figures], color=chart.QUIET, fontsize=10, padding=2)
    chart.style(axes, 11)
    axes.set_xticks(range(len(panel.names)), panel.names)
    axes.grid(visible=False, axis="x")
    axes.margins(y=0.2)


def _draw_ways(axes: "Axes", panel: Ways, colors: Mapping[str, str]) -> None:
    top = float(panel.height.max())
    levels = top * (np.arange(1, _LEVELS + 1) / _LEVELS) ** 2
    axes.contour(panel.x, panel.y, panel.height, levels=levels, colors=chart.GRID, linewidths=1)
    for name, points in panel.ways.items():
        axes.plot(*points.T, color=colors[name], linewidth=1.6, marker="o", markersize=2.5, label=name)
    chart.style(axes, 11)
    axes.set_xlim(panel.x[0], panel.x[-1])
    axes.set_ylim(panel.y[0], panel.y[-1])
    axes.grid(visible=False)


def _draw_field(axes: "Axes", panel: Field) -> None:
    chart.style(axes, 11)
    axes.set_facecolor(chart.GRID)
    axes.grid(visible=False)
    mesh = axes.pcolormesh(panel.x, panel.y, panel.figure, cmap="viridis", shading="nearest")
    bar = axes.figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=chart.QUIET, labelsize=11)
    axes.set_aspect("equal")
    axes.set_xlabel(panel.across, color=chart.QUIET, fontsize=12)
    axes.set_ylabel(panel.up, color=chart.QUIET, fontsize=12)
