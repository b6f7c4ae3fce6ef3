"""A sheet of looks at what changes while something learns, side by side, and a film of them all."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.pictures import chart
from palestra.pictures.video import Frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN, _COLUMNS = 8, 4
"""Looks on a sheet, the first and the last among them."""


def draw_sheet(
    path: Path, title: str, said: str, looks: int, draw: Callable[["Axes", int], Any], caption: Callable[[int], str]
) -> Path:
    """Draw some looks side by side, from the first to the last, into a PNG; returns its path.

    Args:
        path: of the PNG.
        title: above it.
        said: below the title.
        looks: how many there are, at least one.
        draw: draws a look, by its number from 0, into axes.
        caption: of a look.
    """
    chosen = np.unique(np.linspace(0, looks - 1, _SHOWN).round().astype(int))
    lines = -(-len(chosen) // _COLUMNS)
    height = 1.2 + 4.1 * lines
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        lines, _COLUMNS, left=0.02, right=0.98, top=1 - 1.35 / height, bottom=0.15 / height, hspace=0.14, wspace=0.05
    )
    for place, look in enumerate(chosen):
        axes = figure.add_subplot(cells[divmod(place, _COLUMNS)])
        draw(axes, look)
        axes.set_title(caption(look), loc="left", color=chart.QUIET, fontsize=13)
    figure.text(0.02, 1 - 0.45 / height, title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.8 / height, said, fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def film(looks: int, draw: Callable[["Axes", int], Any], caption: Callable[[int], str], still: int) -> Iterator[Frame]:
    """(600, 600, 3) for each look; the last one stays for a while.

    Args:
        looks: how many there are, at least one.
        draw: draws a look, by its number from 0, into axes that hold the look before it.
        caption: of a look.
        still: frames for which it stays at its end.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = chart.make_figure(6.0, 6.0)
    canvas: Any = FigureCanvasAgg(figure)  # which has no types
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.88))
    said = figure.text(0.02, 0.95, "", fontsize=16, color=chart.INK, va="center")
    for look in range(looks):
        draw(axes, look)
        said.set_text(caption(look))
        canvas.draw()
        frame = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        yield frame
    for _ in range(still):
        yield frame


def without_ticks(axes: "Axes") -> None:
    """Leave nothing of axes but a pale border: a plane whose numbers say nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(chart.GRID)
