"""Pictures of what is written: samples of a text, from the first to the last."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

_LETTERS, _LINES = 96, 6
"""Of a sample that are shown."""
_LINE = 0.24
"""Inches from one line to the next."""


class Sample(NamedTuple):
    """What a network wrote at a moment of its training."""

    clock: int
    """How much it had learned from."""
    loss: float
    """How it stood then, in nats a token."""
    text: str
    """What it wrote."""


@dataclass(frozen=True)
class Samples(Exhibit):
    """How a network writes while it learns."""

    unit: str
    """What the clock counts."""
    samples: Sequence[Sample]
    """In order, at least one."""


def lines(text: str) -> list[str]:
    """A text as it is shown: what cannot be printed as a dot, long lines broken, and no more lines than there is room.

    Letters beyond Latin-1 are dots too: not every font has them.
    """
    plain = "".join(letter if letter == "\n" or (letter.isprintable() and letter < "Ā") else "·" for letter in text)
    broken = [
        part for line in plain.split("\n") for part in textwrap.wrap(line, _LETTERS, drop_whitespace=False) or [""]
    ]
    return broken[:_LINES]


def draw_samples(path: Path, shown: Samples) -> Path:
    """Draw samples one below the other, each beside where it stood, into a PNG; returns its path."""
    texts = [lines(each.text) for each in shown.samples]
    height = 1.2 + sum(_LINE * (max(len(text), 2) + 1) for text in texts)
    figure = chart.make_figure(height)
    figure.text(0.02, 1 - 0.5 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    top = 1.0
    for each, text in zip(shown.samples, texts, strict=True):
        said = f"{each.clock:,} {shown.unit}\n{each.loss:.3f} nats"
        y = 1 - top / height
        figure.text(0.02, y, said, fontsize=11, color=chart.QUIET, va="top")
        figure.text(
            0.17, y, "\n".join(text), fontsize=11, color=chart.INK, va="top", family="monospace", parse_math=False
        )
        top += _LINE * (max(len(text), 2) + 1)
    return chart.save(figure, path)
