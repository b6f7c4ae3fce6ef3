"""The picture of what a classifier takes for what: a square of counts, with what is right on its diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.tiles import Tile

MOST_CLASSES = 20
"""Beyond which a square of them cannot be read."""
_CELL = 0.55
"""Inches of a count."""


class Pair(NamedTuple):
    """Rows of one class that were taken for another."""

    truth: int
    """What they are."""
    said: int
    """What they were taken for."""
    tiles: Sequence[Tile]
    """Some of them, those first that were most surely taken for it; none where rows are no images."""


@dataclass(frozen=True)
class Confusion(Exhibit):
    """How often each class was taken for each, and what that looked like."""

    said: str
    """Below the title."""
    names: Sequence[str]
    """(K) of the classes."""
    counts: NDArray[np.int64]
    """(K, K): of each class, a row, how many were taken for each, a column."""
    pairs: Sequence[Pair]
    """The mistakes, the commonest first."""


def draw_confusion(path: Path, shown: Confusion) -> Path:
    """Draw the square into a PNG; returns its path. A colour is a share of its row, a number is the count."""
    count = len(shown.names)
    side = _CELL * count
    height, wide = side + 2.6, max(side + 2.6, 8.0)
    figure = chart.make_figure(height, wide)
    axes = figure.add_axes((1.8 / wide, 1.2 / height, side / wide, side / height))
    shares = shown.counts / np.maximum(shown.counts.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for truth, said in zip(*np.nonzero(shown.counts)):
        ink = "white" if shares[truth, said] > 0.5 else chart.INK
        axes.text(said, truth, str(shown.counts[truth, said]), ha="center", va="center", fontsize=10, color=ink)
    axes.set_xticks(range(count), shown.names, rotation=45, ha="right", fontsize=10, color=chart.QUIET)
    axes.set_yticks(range(count), shown.names, fontsize=10, color=chart.QUIET)
    axes.tick_params(length=0)
    for edge in axes.spines.values():
        edge.set_visible(False)
    figure.text(0.02, 1 - 0.4 / height, shown.title, fontsize=16, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.8 / height, shown.said, fontsize=11, color=chart.QUIET, va="center")
    return chart.save(figure, path)
