"""Pictures of how a classifier divides the plane while it learns: a sheet of looks, and a film of them all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.video import Frame, write_video

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN, _COLUMNS = 8, 4
"""Looks on a sheet, the first and the last among them."""
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
    chosen = np.unique(np.linspace(0, len(shown.clocks) - 1, _SHOWN).round().astype(int))
    lines = -(-len(chosen) // _COLUMNS)
    height = 1.2 + 4.1 * lines
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        lines, _COLUMNS, left=0.02, right=0.98, top=1 - 1.35 / height, bottom=0.15 / height, hspace=0.14, wspace=0.05
    )
    for place, look in enumerate(chosen):
        axes = figure.add_subplot(cells[divmod(place, _COLUMNS)])
        _draw_look(axes, shown, look)
        axes.set_title(_said(shown, look), loc="left", color=chart.QUIET, fontsize=13)
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.8 / height, "the paler, the less certain", fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def draw_boundary_film(path: Path, shown: BoundaryFilm) -> Path:
    """Write all looks as a film beside ``path``, whose suffix becomes that of a film; returns its path."""
    return write_video(path.with_suffix(""), frames(shown), FPS)


def frames(shown: Boundary) -> Iterator[Frame]:
    """(600, 600, 3) for each look; the last one stays for a while."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = chart.make_figure(6.0, 6.0)
    canvas: Any = FigureCanvasAgg(figure)  # which has no types
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.88))
    image, said = _draw_look(axes, shown, 0), figure.text(0.02, 0.95, "", fontsize=16, color=chart.INK, va="center")
    for look in range(len(shown.clocks)):
        image.set_data(coloured(shown.classes[look], shown.shares[look]))
        said.set_text(_said(shown, look))
        canvas.draw()
        frame = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        yield frame
    for _ in range(_STILL):
        yield frame


def coloured(classes: NDArray[Any], shares: NDArray[Any]) -> NDArray[np.float64]:
    """(H, W, 3) the colour of each class, paler down to white the less probable it is: white at a half and below."""
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb(color) for color in chart.COLORS])
    strength = (0.1 + 0.5 * (2 * shares - 1).clip(0, 1))[..., None]
    colors: NDArray[np.float64] = 1 - strength * (1 - palette[classes % len(palette)])
    return colors


def _draw_look(axes: "Axes", shown: Boundary, look: int) -> Any:
    picture = coloured(shown.classes[look], shown.shares[look])
    image = axes.imshow(picture, origin="lower", extent=shown.extent, aspect="auto", interpolation="nearest")
    for label in np.unique(shown.labels):
        color = chart.COLORS[label % len(chart.COLORS)]
        points = shown.points[shown.labels == label]
        axes.scatter(points[:, 0], points[:, 1], s=12, color=color, edgecolors="white", linewidths=0.4)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(chart.GRID)
    return image


def _said(shown: Boundary, look: int) -> str:
    return f"{shown.clocks[look]:,} {shown.unit}"
