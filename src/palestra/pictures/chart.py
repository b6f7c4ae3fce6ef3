"""How every picture of the project looks: its colours, an empty figure, quiet axes, and a file written whole."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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
EAST = "\u2e80"
"""From this letter on Matplotlib's own font knows none: Chinese, Japanese, Korean."""
EASTERN = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC",
    "Hiragino Sans GB", "Arial Unicode MS", "Noto Sans CJK JP", "Noto Sans CJK KR", "Droid Sans Fallback",
)  # fmt: skip
"""Fonts that know them, as Linux and macOS have them, in order."""


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


def cut(text: str, letters: int) -> str:
    """A text of no more than so many letters, the last a mark that there were more."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def save(figure: "Figure", path: Path) -> Path:
    """Write a PNG whole or not at all; returns its path."""
    with replacing(path) as temporary, as_written(figure):
        figure.savefig(temporary, format="png")
    return path


@contextmanager
def as_written(figure: "Figure") -> Iterator[None]:
    """Save a figure within: what users named is drawn as they wrote it, dollars and Chinese letters too.

    A dollar begins no formula, and letters of the East have a font that knows them where the machine has one.
    Matplotlib's own labels of logarithmic axes are formulas, and stay.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        letters = text.get_text()
        if "$" in letters and r"\mathdefault" not in letters:
            text.set_parse_math(False)
        if max(letters, default="") >= EAST:
            text.set_fontfamily([*text.get_fontfamily(), *_eastern_fonts()])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a box says as much, and says it where it is
        yield


@cache
def _eastern_fonts() -> tuple[str, ...]:
    """Those that this machine has."""
    from matplotlib.font_manager import get_font_names

    return tuple(sorted(set(EASTERN) & set(get_font_names()), key=EASTERN.index))
