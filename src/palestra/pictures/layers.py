"""The picture of a network layer by layer: weights, gradients, steps, and what comes out of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.numbers import number

_WIDTH, _LINE = 14.0, 0.34
"""Inches of the picture, and of each layer's line."""


@dataclass(frozen=True)
class Layers(Exhibit):
    """Root mean squares and shares, a layer's each."""

    names: list[str]
    """Of the matrices and kernels; biases are left out."""
    sizes: list[int]
    """Numbers in each."""
    weights: list[float]
    """Of its numbers."""
    gradients: list[float | None]
    """Of its gradients lately; None where its optimizer keeps no mean of them."""
    changes: list[float | None]
    """Of the change that a step makes, as a share of the weights."""
    activations: list[float | None]
    """Of what comes out of it for a batch that is the same at every checkpoint; None where the batch does not pass."""
    flat: list[float | None]
    """Share of these answers at which the activation lets hardly any gradient through; None without one."""
    dead: list[float | None]
    """Share of the units at which it does for no row of the batch."""


def draw_layers(path: Path, shown: Layers) -> Path:
    """Draw a column for each kind of figure that there is into a PNG, a bar for each layer; returns its path."""
    columns: list[tuple[str, Sequence[float | None]]] = [
        ("weights", shown.weights), ("gradients", shown.gradients), ("a step changes", shown.changes),
        ("activations", shown.activations), ("flat", shown.flat), ("dead", shown.dead),
    ]  # fmt: skip
    kept = [(name, values) for name, values in columns if any(value is not None for value in values)]
    count, height = len(shown.names), 1.9 + _LINE * len(shown.names)
    figure = chart.make_figure(height, _WIDTH)
    left, width = 0.2, 0.77 / len(kept)
    for i, (name, values) in enumerate(kept):
        axes = figure.add_axes((left + i * width, 0.3 / height, 0.86 * width, 1 - 1.6 / height))
        sizes = np.array([0.0 if value is None else value for value in values])
        bars = axes.barh(np.arange(count), sizes, 0.72, color=chart.COLORS[i % len(chart.COLORS)])
        told = ["-" if value is None else number(value, 3) for value in values]
        axes.bar_label(bars, told, color=chart.QUIET, padding=3, fontsize=9)
        chart.style(axes, 10)
        axes.set_yticks(np.arange(count), shown.names if i == 0 else [])
        axes.set_ylim(count - 0.4, -0.6)
        axes.set_xlim(0, 1.35 * max(float(sizes.max()), 1e-12))
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.set_title(name, fontsize=12, color=chart.INK)
    figure.text(0.02, 1 - 0.4 / height, shown.title, fontsize=18, color=chart.INK, va="center")
    said = (
        "root mean squares; flat: the share of answers that let hardly any gradient through, dead: of units always so"
    )
    figure.text(0.02, 1 - 0.75 / height, said, fontsize=12, color=chart.QUIET, va="center")
    return chart.save(figure, path)
