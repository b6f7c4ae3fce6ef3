"""Pictures of centres that look for groups of rows: a sheet of passes, and a film of them all."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.codes import CLASS_COLORS
from palestra.pictures.sheet import draw_sheet, film, without_ticks
from palestra.pictures.video import Frame, write_video

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    return draw_sheet(path, shown.title, shown.said, len(shown.groups), partial(_draw_look, shown), _passes)


def draw_grouping_film(path: Path, shown: GroupingFilm) -> Path:
    """Write all passes as a film beside ``path``, whose suffix becomes that of a film; returns its path."""
    return write_video(path.with_suffix(""), frames(shown), FPS)


def frames(shown: Grouping) -> Iterator[Frame]:
    """(600, 600, 3) for each pass; the last one stays for a while."""

    def draw(axes: "Axes", look: int) -> None:
        axes.clear()
        _draw_look(shown, axes, look)

    return film(len(shown.groups), draw, _passes, _STILL)


def _draw_look(shown: Grouping, axes: "Axes", look: int) -> None:
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
    without_ticks(axes)


def _passes(look: int) -> str:
    return "the start" if look == 0 else f"after {look} pass{'es' if look > 1 else ''}"
