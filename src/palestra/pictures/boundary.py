"""Pictures of how a classifier divides the plane while it learns: a sheet of looks, and a film of them all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.sheet import draw_sheet, film, without_ticks
from palestra.pictures.video import Frame, write_video

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FPS = 10.0
_STILL = 15
"""Frames for which a film stays at its end."""


@dataclass(frozen=True)
class Boundary(Exhibit):
    """A classifier's division of the plane at some moments of its training."""

    unit: str
    """What the clock counts."""
    clocks: Sequence[int]
    """How much it had learned from at each look; L of them, at least one."""
    classes: NDArray[Any]
    """(L, H, W) the most probable class at each place, from low to high."""
    shares: NDArray[Any]
    """(L, H, W) how probable it was, from 0 to 1."""
    extent: tuple[float, float, float, float]
    """Left, right, bottom and top of the plane."""
    points: NDArray[Any]
    """(n, 2) what it learned from."""
    labels: NDArray[Any]
    """(n,) their classes."""


@dataclass(frozen=True)
class BoundaryFilm(Boundary):
    """The same, to be shown one look after the other."""


def draw_boundary(path: Path, shown: Boundary) -> Path:
    """Draw some looks side by side, from the first to the last, into a PNG; returns its path."""
    draw, said = partial(_draw_look, shown), "the paler, the less certain"
    return draw_sheet(path, shown.title, said, len(shown.clocks), draw, partial(_said, shown))


def draw_boundary_film(path: Path, shown: BoundaryFilm) -> Path:
    """Write all looks as a film beside ``path``, whose suffix becomes that of a film; returns its path."""
    return write_video(path.with_suffix(""), frames(shown), FPS)


def frames(shown: Boundary) -> Iterator[Frame]:
    """(600, 600, 3) for each look; the last one stays for a while."""

    def draw(axes: "Axes", look: int) -> None:
        if not axes.images:
            _draw_look(shown, axes, look)
        axes.images[0].set_data(coloured(shown.classes[look], shown.shares[look]))

    return film(len(shown.clocks), draw, partial(_said, shown), _STILL)


def coloured(classes: NDArray[Any], shares: NDArray[Any]) -> NDArray[np.float64]:
    """(H, W, 3) the colour of each class, paler down to white the less probable it is: white at a half and below."""
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(color) for color in chart.COLORS])
    strength = (0.1 + 0.5 * (2 * shares - 1).clip(0, 1))[..., None]
    colors: NDArray[np.float64] = 1 - strength * (1 - palette[classes % len(palette)])
    return colors


def _draw_look(shown: Boundary, axes: "Axes", look: int) -> None:
    picture = coloured(shown.classes[look], shown.shares[look])
    axes.imshow(picture, origin="lower", extent=shown.extent, aspect="auto", interpolation="nearest")
    for label in np.unique(shown.labels):
        color = chart.COLORS[label % len(chart.COLORS)]
        points = shown.points[shown.labels == label]
        axes.scatter(points[:, 0], points[:, 1], s=12, color=color, edgecolors="white", linewidths=0.4)
    without_ticks(axes)


def _said(shown: Boundary, look: int) -> str:
    return f"{shown.clocks[look]:,} {shown.unit}"
