"""How every picture of the project looks: its colours, an empty figure, quiet axes, and a file written whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from palestra.pictures.numbers import number
from palestra.runs.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, GRID = "#1e293b", "#64748b", "#e2e8f0"
"""Of titles, of everything said beside them, and of grid lines."""
COLORS = ("#2563eb", "#f59e0b", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#dc2626")
"""Of lines, in order."""
WIDTH = 16.0
"""Inches: 1600 pixels."""


def make_figure(height: float, width: float = WIDTH) -> "Figure":
    """An empty figure of so many inches, 100 pixels each."""
    from matplotlib.figure import Figure  # 0.3 s, and only for those who draw

    # A Figure of its own, not pyplot's: no global state, and its canvas is Agg, which needs no display.
    return Figure(figsize=(width, height), dpi=100, facecolor="white")


def style(axes: "Axes", size: int) -> None:
    """A grid in place of a frame, and tick labels of this size that are quieter than the lines."""
    axes.set_facecolor("white")
    axes.grid(color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(which="both", length=0, colors=QUIET, labelsize=size, pad=7)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.yaxis.set_major_formatter(lambda value, _: number(value))


def save(figure: "Figure", path: Path) -> Path:
    """Write a PNG whole or not at all; returns its path."""
    take_dollars_as_written(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")
    return path


def take_dollars_as_written(figure: "Figure") -> None:
    """Whatever stands between two of them is a name of the user's, not a formula, which it would be drawn or fail as.

    Matplotlib's own labels of logarithmic axes are formulas, and stay.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if "$" in text.get_text() and r"\mathdefault" not in text.get_text():
            text.set_parse_math(False)
