"""Pictures of a data set: images by class, how often each class is, how a column is spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.pictures import chart
from palestra.pictures.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4
"""Small panels side by side."""
_SMALL = 2.6
"""Inches of height of a small panel."""
_LEVELS = 8
"""Bars of a small panel; the rest is summed up in one more."""
_LETTERS, _FEW_LETTERS = 22, 14
"""Of a word beside a bar, and beside one of a small panel."""


@dataclass(frozen=True)
class Grid:
    """Some images of each class."""

    rows: Mapping[str, NDArray[Any]]
    """Class to (n, H, W) or (n, H, W, 3)."""


@dataclass(frozen=True)
class Bars:
    """How often something is."""

    title: str
    names: Sequence[str]
    shares: Mapping[str, NDArray[np.float64]]
    """Series to (names,) shares from 0 to 1."""
    note: str = ""
    """What is to be said beside it: how much is missing, perhaps."""
    strong: bool = False
    """Whether it is what all is about: the column that is to be predicted."""


@dataclass(frozen=True)
class Spread:
    """How numbers are spread."""

    title: str
    values: NDArray[np.float64]
    """Those that are known."""
    note: str = ""
    strong: bool = False
    """Whether it is what all is about: the column that is to be predicted."""


Panel = Grid | Bars | Spread


def draw_data(path: Path, title: str, subtitle: str, panels: Sequence[Panel]) -> Path:
    """Draw a data set into a PNG; returns its path. A grid of images stands at the left, the other panels beside it."""
    grids = [panel for panel in panels if isinstance(panel, Grid)]
    small = [panel for panel in panels if not isinstance(panel, Grid)]
    if grids:
        height = max(4.0, 1.6 + 0.78 * len(grids[0].rows))
        figure = chart.make_figure(height)
        top = 1 - 1.1 / height
        parts = figure.add_gridspec(
            1, 2, width_ratios=(1.75, 1), left=0.1, right=0.97, top=top, bottom=0.07, wspace=0.32
        )
        _draw_grid(figure.add_subplot(parts[0]), grids[0])
        column = parts[1].subgridspec(max(1, len(small)), 1, hspace=0.4)
        places = [figure.add_subplot(column[i]) for i in range(len(small))]
    else:
        lines = -(-len(small) // _COLUMNS)
        height = 1.3 + (_SMALL + 0.35) * lines
        figure = chart.make_figure(height)
        cells = figure.add_gridspec(lines, _COLUMNS, left=0.105, right=0.985, top=1 - 1.35 / height,
                                    bottom=0.4 / height, hspace=0.55, wspace=0.62)  # fmt: skip
        places = [figure.add_subplot(cells[divmod(i, _COLUMNS)]) for i in range(len(small))]
    for axes, panel in zip(places, small, strict=True):
        _draw_bars(axes, panel, large=bool(grids)) if isinstance(panel, Bars) else _draw_spread(axes, panel)
    _draw_titles(figure, height, title, subtitle)
    return chart.save(figure, path)


def _draw_titles(figure: "Figure", height: float, title: str, subtitle: str) -> None:
    figure.text(0.02, 1 - 0.42 / height, title, fontsize=20, weight="bold", color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.78 / height, subtitle, fontsize=12, color=chart.QUIET, va="center")


def _draw_grid(axes: "Axes", grid: Grid) -> None:
    shape = next(iter(grid.rows.values())).shape[1:]
    most = max(len(images) for images in grid.rows.values())
    gap = max(1, shape[0] // 12)
    tall, wide = shape[0] + gap, shape[1] + gap
    scale = 255.0 if next(iter(grid.rows.values())).dtype == np.uint8 else 1.0
    largest = max(float(images.max()) for images in grid.rows.values() if images.size)
    if scale > 1 and largest <= scale / 8:  # few levels, as of digits from 0 to 16
        scale = largest
    canvas = np.ones((tall * len(grid.rows) - gap, wide * most - gap, 3))
    for line, images in enumerate(grid.rows.values()):
        for place, image in enumerate(images):
            shown = np.clip(image / scale, 0, 1)
            canvas[line * tall : line * tall + shape[0], place * wide : place * wide + shape[1]] = (
                shown if shown.ndim == 3 else shown[..., None]
            )
    axes.imshow(canvas, aspect="equal", interpolation="nearest")
    axes.set_yticks([line * tall + shape[0] / 2 for line in range(len(grid.rows))])
    axes.set_yticklabels([chart.cut(name, _LETTERS) for name in grid.rows], fontsize=12, color=chart.INK)
    axes.set_xticks([])
    axes.tick_params(length=0, pad=8)
    axes.set_anchor("NW")
    for side in axes.spines.values():
        side.set_visible(False)


def _draw_bars(axes: "Axes", panel: Bars, *, large: bool) -> None:
    size = 11 if large else 9
    chart.style(axes, size)
    axes.grid(visible=False, axis="y")
    at, thick = np.arange(len(panel.names)), 0.8 / len(panel.shares)
    for series, (name, shares) in enumerate(panel.shares.items()):
        place = at - 0.4 + thick * (series + 0.5)
        color = chart.COLORS[series + panel.strong]
        axes.barh(place, 100 * shares, thick * 0.9, color=color, label=name)
    axes.set_yticks(at)
    axes.set_yticklabels([chart.cut(name, _LETTERS if large else _FEW_LETTERS) for name in panel.names], fontsize=size)
    axes.set_ylim(len(panel.names) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{number(value)}%")
    if len(panel.shares) > 1:
        axes.legend(frameon=False, fontsize=size, labelcolor=chart.QUIET, loc="upper center", ncols=len(panel.shares),
                    bbox_to_anchor=(0.5, -0.04))  # fmt: skip
    _draw_heading(axes, panel.title, panel.note, large=large)


def _draw_spread(axes: "Axes", panel: Spread) -> None:
    chart.style(axes, 9)
    if panel.values.size:
        axes.hist(panel.values, bins=30, color=chart.COLORS[int(panel.strong)])
    axes.locator_params(nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    axes.yaxis.set_major_formatter(lambda value, _: _short(value))
    _draw_heading(axes, panel.title, panel.note, large=False)


def _draw_heading(axes: "Axes", title: str, note: str, *, large: bool) -> None:
    axes.set_title(
        chart.cut(title, 40), fontsize=13 if large else 11, color=chart.INK, loc="left", pad=18 if note else 8
    )
    if note:
        axes.text(0, 1.02, note, transform=axes.transAxes, fontsize=9, color=chart.QUIET, va="bottom")


def level_bars(
    title: str, names: Sequence[str], counts: NDArray[np.int64], rows: int, note: str = "", *, strong: bool = False
) -> Bars:
    """The most frequent words of a column as shares of its rows, and one bar for all others."""
    order = np.argsort(-counts, kind="stable")
    most = _LEVELS if len(order) > _LEVELS + 1 else _LEVELS + 1  # never a bar for "1 others"
    first, rest = order[:most], order[most:]
    shown, values = [names[i] for i in first], [float(counts[i]) for i in first]
    if len(rest):
        shown.append(f"{len(rest)} others")
        values.append(float(counts[rest].sum()))
    return Bars(title, shown, {"": np.array(values) / max(1, rows)}, note, strong)


def _short(value: float) -> str:
    """A tick of a small panel: a year as it is, a price in thousands."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= max(size, 1e4):
            return f"{value / size:g}{unit}"
    return f"{value:.4g}"
