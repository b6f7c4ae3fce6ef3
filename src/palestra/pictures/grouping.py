"""Pictures of centres that look for groups of rows: a sheet of passes, and a film of them all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.codes import CLASS_COLORS
from palestra.pictures.video import Frame, write_video

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN, _COLUMNS = 8, 4
"""Passes on a sheet, the first and the last among them."""
FPS = 3.0
_STILL = 6
"""Frames for which a film stays at its end."""


@dataclass(frozen=True)
class Grouping(Exhibit):
    """How centres moved, pass by pass."""

    said: str
    """Below the title."""
    points: NDArray[Any]
    """(n, 2) rows, in a plane."""
    groups: NDArray[Any]
    """(L, n) the group of each before the first pass, after it, and so on; at least one look."""
    centres: NDArray[Any]
    """(L, G, 2) the centres then."""


@dataclass(frozen=True)
class GroupingFilm(Grouping):
    """The same, to be shown one pass after the other."""


def draw_grouping(path: Path, shown: Grouping) -> Path:
    """Draw some passes side by side, from the start to the end, into a PNG; returns its path."""
    chosen = np.unique(np.linspace(0, len(shown.groups) - 1, _SHOWN).round().astype(int))
    lines = -(-len(chosen) // _COLUMNS)
    height = 1.2 + 4.1 * lines
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        lines, _COLUMNS, left=0.02, right=0.98, top=1 - 1.35 / height, bottom=0.15 / height, hspace=0.14, wspace=0.05
    )
    for place, look in enumerate(chosen):
        axes = figure.add_subplot(cells[divmod(place, _COLUMNS)])
        _draw_look(axes, shown, look)
        axes.set_title(_passes(look), loc="left", color=chart.QUIET, fontsize=13)
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.8 / height, shown.said, fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def draw_grouping_film(path: Path, shown: GroupingFilm) -> Path:
    """Write all passes as a film beside ``path``, whose suffix becomes that of a film; returns its path."""
    return write_video(path.with_suffix(""), frames(shown), FPS)


def frames(shown: Grouping) -> Iterator[Frame]:
    """(600, 600, 3) for each pass; the last one stays for a while."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = chart.make_figure(6.0, 6.0)
    canvas: Any = FigureCanvasAgg(figure)  # which has no types
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.88))
    said = figure.text(0.02, 0.95, "", fontsize=16, color=chart.INK, va="center")
    for look in range(len(shown.groups)):
        axes.clear()
        _draw_look(axes, shown, look)
        said.set_text(_passes(look))
        canvas.draw()
        frame = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        yield frame
    for _ in range(_STILL):
        yield frame


def _draw_look(axes: "Axes", shown: Grouping, look: int) -> None:
    """Rows in the colours of their groups, and each centre with the way that it has come."""
    for group in range(shown.centres.shape[1]):
        color = CLASS_COLORS[group % len(CLASS_COLORS)]
        points = shown.points[shown.groups[look] == group]
        axes.scatter(points[:, 0], points[:, 1], s=10, color=color, alpha=0.55, linewidths=0)
        way = shown.centres[: look + 1, group]
        axes.plot(way[:, 0], way[:, 1], color=chart.INK, linewidth=1.2, alpha=0.7)
        look_of: dict[str, Any] = {"marker": "X", "edgecolors": chart.INK, "linewidths": 1.2, "zorder": 3}
        axes.scatter(way[-1, 0], way[-1, 1], s=170, color=color, **look_of)
    seen = np.concatenate([shown.points, shown.centres.reshape(-1, 2)])
    low, high = seen.min(0), seen.max(0)
    margin = np.where(high > low, 0.06 * (high - low), 0.5)
    axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axes.set_ylim(low[1] - margin[1], high[1] + margin[1])
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(chart.GRID)


def _passes(look: int) -> str:
    return "the start" if look == 0 else f"after {look} pass{'es' if look > 1 else ''}"
