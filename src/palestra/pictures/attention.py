"""Pictures of attention: how much each token that is written takes from each that is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

_COLUMNS = 2
"""Maps side by side."""
_CELL = 0.3
"""Inches of a token."""


class Map(NamedTuple):
    """The attention of one sequence to another."""

    read: Sequence[str]
    """Word of each token that is read."""
    written: Sequence[str]
    """Word of each token that is written."""
    weight_QL: NDArray[Any]
    """(written, read) shares; each row adds to 1."""


@dataclass(frozen=True)
class AttentionMaps(Exhibit):
    """Where a network looks in some sequences."""

    maps: Sequence[Map]
    """One a sequence, at least one."""


def draw_attention(path: Path, shown: AttentionMaps) -> Path:
    """Draw maps, what is read from left to right and what is written downwards, into a PNG; returns its path."""
    lines = -(-len(shown.maps) // _COLUMNS)
    tall = max(len(each.written) for each in shown.maps) * _CELL + 0.9
    height = 1.0 + lines * tall
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        lines, _COLUMNS, left=0.05, right=0.97, top=1 - 1.2 / height, bottom=0.2 / height, hspace=0.25, wspace=0.12
    )
    for place, each in enumerate(shown.maps):
        axes = figure.add_subplot(cells[divmod(place, _COLUMNS)])
        axes.imshow(each.weight_QL, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
        axes.set_xticks(range(len(each.read)), list(each.read))
        axes.set_yticks(range(len(each.written)), list(each.written))
        axes.xaxis.tick_top()
        axes.tick_params(length=0, colors=chart.INK, labelsize=12)
        for side in axes.spines.values():
            side.set_color(chart.GRID)
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    return chart.save(figure, path)
