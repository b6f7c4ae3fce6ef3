"""Pictures of what is near what: some items, each beside its nearest ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

_LETTERS = 38
"""Of a name that are shown."""
_LINE, _COLUMN = 0.34, 0.235
"""Inches from one line to the next, and shares of the width from one name to the next."""


@dataclass(frozen=True)
class Related(Exhibit):
    """Some items, and those nearest to each."""

    said: str
    """Below the title."""
    rows: Sequence[Sequence[str]]
    """Names: an item, then those nearest to it, the nearest first."""


def shortened(name: str) -> str:
    """A name as it is shown. What lies beyond Latin-1 is a dot: not every font has it."""
    plain = "".join(letter if letter.isprintable() and letter < "Ā" else "·" for letter in name)
    return plain if len(plain) <= _LETTERS else plain[: _LETTERS - 1] + "…"


def draw_related(path: Path, shown: Related) -> Path:
    """Draw a line for each item into a PNG; returns its path."""
    height = 1.35 + _LINE * len(shown.rows)
    figure = chart.make_figure(height)
    figure.text(0.02, 1 - 0.4 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.8 / height, shown.said, fontsize=11, color=chart.QUIET, va="center")
    for line, names in enumerate(shown.rows):
        y = 1 - (1.25 + _LINE * line) / height
        for column, name in enumerate(names):
            colour = chart.QUIET if column else chart.INK
            figure.text(0.02 + _COLUMN * column, y, shortened(name), fontsize=10, color=colour, parse_math=False)
    return chart.save(figure, path)
