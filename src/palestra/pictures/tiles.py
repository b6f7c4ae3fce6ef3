"""Pictures in rows: the mistakes of a classifier, the worst first; and what a network sees in an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8
"""Pictures side by side."""
_TILE, _CAPTION = 1.62, 0.42
"""Inches of a picture, and of what stands below it."""


class Tile(NamedTuple):
    """A small picture."""

    image: NDArray[Any]
    """(H, W) numbers, or (H, W, 3) bytes."""
    caption: str = ""
    """Below it."""
    signed: bool = False
    """Whether its numbers are above and below 0, and 0 is to be white."""


class Strip(NamedTuple):
    """Pictures that belong together, in a row."""

    label: str
    """At their left."""
    tiles: Sequence[Tile]
    """COLUMNS of them at most; others are not drawn."""


@dataclass(frozen=True)
class Tiles(Exhibit):
    """Rows of pictures."""

    strips: Sequence[Strip]
    """At least one."""


class Mistakes(Tiles):
    """What a classifier names wrongly, the worst first."""


class Sight(Tiles):
    """What a network looks for, what it makes of an image, and which pixels count."""


def draw_tiles(path: Path, shown: Tiles) -> Path:
    """Draw rows of pictures into a PNG; returns its path."""
    captions = [any(tile.caption for tile in strip.tiles) for strip in shown.strips]
    tall = [_TILE + _CAPTION * each for each in captions]
    height = 1.0 + sum(tall)
    figure = chart.make_figure(height)
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    left, width = 0.14, 0.84 / COLUMNS
    below = height - 0.9
    for strip, rows, captioned in zip(shown.strips, tall, captions, strict=True):
        below -= rows
        bottom = (below + _CAPTION * captioned) / height
        figure.text(left - 0.012, bottom + _TILE / 2 / height, strip.label, fontsize=12, color=chart.QUIET,
                    va="center", ha="right")  # fmt: skip
        for column, tile in enumerate(strip.tiles[:COLUMNS]):
            axes = figure.add_axes((left + column * width, bottom, width * 0.94, _TILE * 0.94 / height))
            _draw(axes, tile)
    return chart.save(figure, path)


def _draw(axes: "Axes", tile: Tile) -> None:
    if tile.signed:
        most = float(np.abs(tile.image).max()) or 1.0
        axes.imshow(tile.image, cmap="RdBu_r", vmin=-most, vmax=most)
    else:
        axes.imshow(tile.image, cmap="gray" if tile.image.ndim == 2 else None)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(chart.GRID)
    axes.set_xlabel(tile.caption, fontsize=10, color=chart.INK, labelpad=3)
