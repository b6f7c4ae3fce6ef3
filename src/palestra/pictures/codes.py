"""Pictures of what goes through a narrow place: images again, and where their codes lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELL = 1.1
"""Inches of an image."""
CLASS_COLORS = (
    "#2563eb",
    "#f59e0b",
    "#059669",
    "#db2777",
    "#7c3aed",
    "#0891b2",
    "#65a30d",
    "#dc2626",
    "#78716c",
    "#1e293b",
)
"""Colours of classes, in order; more classes begin again."""


@dataclass(frozen=True)
class Reconstructions(Exhibit):
    """The same images in several ways, one below the other."""

    rows: Mapping[str, NDArray[Any]]
    """What each row is, to (n, H, W) or (n, H, W, 3) in one range."""


@dataclass(frozen=True)
class CodeMap(Exhibit):
    """Where codes lie in the plane."""

    said: str
    """Below the title."""
    points: NDArray[Any]
    """(n, 2)."""
    labels: NDArray[Any] | None
    """(n,) classes, where there are any."""
    names: Sequence[str]
    """Words for them; empty where they have none."""


def draw_reconstructions(path: Path, shown: Reconstructions) -> Path:
    """Draw rows of images into a PNG; returns its path."""
    count = len(next(iter(shown.rows.values())))
    height = 0.9 + _CELL * len(shown.rows)
    figure = chart.make_figure(height)
    cells = figure.add_gridspec(
        len(shown.rows),
        count,
        left=0.19,
        right=0.985,
        top=1 - 0.85 / height,
        bottom=0.1 / height,
        wspace=0.06,
        hspace=0.06,
    )
    low, high = (float(bound(next(iter(shown.rows.values())))) for bound in (np.min, np.max))
    for line, (name, images) in enumerate(shown.rows.items()):
        for column, image in enumerate(images):
            axes = figure.add_subplot(cells[line, column])
            _draw_image(axes, image, low, high)
        middle = 1 - (0.85 + _CELL * (line + 0.45)) / height
        figure.text(0.175, middle, name, fontsize=14, color=chart.QUIET, ha="right", va="center")
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    return chart.save(figure, path)


def draw_code_map(path: Path, shown: CodeMap) -> Path:
    """Draw points in the colours of their classes, each class named at the middle of its points, into a PNG."""
    figure = chart.make_figure(11.0, 12.0)
    axes = figure.add_axes((0.06, 0.05, 0.9, 0.84))
    labels = np.zeros(len(shown.points), np.int64) if shown.labels is None else shown.labels
    for label in np.unique(labels):
        points = shown.points[labels == label]
        color = CLASS_COLORS[label % len(CLASS_COLORS)]
        axes.scatter(points[:, 0], points[:, 1], s=14, color=color, alpha=0.6, linewidths=0)
    for label in [] if shown.labels is None else np.unique(labels):
        x, y = np.median(shown.points[labels == label], axis=0)
        name = shown.names[label] if label < len(shown.names) else str(label)
        box = {"facecolor": "white", "edgecolor": CLASS_COLORS[label % len(CLASS_COLORS)], "boxstyle": "round,pad=0.25"}
        axes.text(x, y, name, fontsize=13, color=chart.INK, ha="center", va="center", bbox=box, parse_math=False)
    chart.style(axes, 12)
    figure.text(0.06, 0.95, shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.06, 0.915, shown.said, fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def _draw_image(axes: "Axes", image: NDArray[Any], low: float, high: float) -> None:
    span = high - low or 1.0
    axes.imshow((image.astype(np.float64) - low).clip(0, span) / span, cmap="gray_r", vmin=0.0, vmax=1.0)
    axes.axis("off")
