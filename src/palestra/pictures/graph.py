"""Pictures of what was computed: the graph that automatic differentiation walks back."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from palestra.engine.exhibit import Exhibit
from palestra.ops.autodiff import Vertex
from palestra.pictures import chart

_LEAF, _OPERATION, _END = "#fef3c7", "#dbeafe", "#bbf7d0"
_CELL = (1.5, 1.0)
"""Inches from one vertex to the next, across and down."""
_ARROW = {"arrowstyle": "-|>", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
_SWEEPS = 8
"""Over the layers, in which vertices are moved towards those that they are joined to."""


@dataclass(frozen=True)
class Graph(Exhibit):
    """What a number was made of."""

    vertices: Sequence[Vertex]
    """Each behind those that it was made of; the last is the number itself."""


class Layout(NamedTuple):
    """Where everything stands: layers from the left, and heights around zero."""

    places: list[tuple[int, float]]
    """Of the vertices."""
    lines: list[list[tuple[int, float]]]
    """From each vertex to each that was made of it, by places between vertices where it goes past some."""


def laid_out(vertices: Sequence[Vertex]) -> Layout:
    """A picture without numbers of pixels (Sugiyama, Tagawa & Toda 1981).

    An operation stands right of everything that it was made of, a leaf right before the first that it is used for. A
    line that goes past a layer has a place of its own in it. Within a layer everything stands in the order of the mean
    height of what it is joined to.
    """
    layer = _layers(vertices)
    chains: list[list[int]] = []
    for i, vertex in enumerate(vertices):
        for source in vertex.made_of:
            between = range(layer[source] + 1, layer[i])
            chains.append([source, *range(len(layer), len(layer) + len(between)), i])
            layer += between
    before: list[list[int]] = [[] for _ in layer]
    after: list[list[int]] = [[] for _ in layer]
    for one, other in itertools.chain.from_iterable(map(pairwise, chains)):
        before[other].append(one)
        after[one].append(other)
    rows = [[i for i in range(len(layer)) if layer[i] == n] for n in range(max(layer, default=-1) + 1)]
    height = [0.0] * len(layer)
    for sweep in range(_SWEEPS):
        joined = after if sweep % 2 else before
        for row in reversed(rows) if sweep % 2 else rows:
            mean = {i: sum(height[j] for j in joined[i]) / len(joined[i]) if joined[i] else height[i] for i in row}
            row.sort(key=mean.__getitem__)
            for n, i in enumerate(row):
                height[i] = n - (len(row) - 1) / 2
    places = list(zip(layer, height))
    return Layout(places[: len(vertices)], [[places[i] for i in chain] for chain in chains])


def _layers(vertices: Sequence[Vertex]) -> list[int]:
    layer: list[int] = []
    for vertex in vertices:
        layer.append(1 + max((layer[i] for i in vertex.made_of), default=-1))
    for i, vertex in enumerate(vertices):
        users = [layer[j] for j, other in enumerate(vertices) if i in other.made_of]
        if not vertex.made_of and users:
            layer[i] = min(users) - 1
    return layer


def draw_graph(path: Path, graph: Graph) -> Path:
    """Draw a graph from its leaves on the left to the number on the right into a PNG; returns its path."""
    from matplotlib.patches import FancyBboxPatch

    places, lines = laid_out(graph.vertices)
    across = 1 + max(x for x, _ in places)
    down = 1 + 2 * max(abs(y) for _, y in itertools.chain(places, *lines))
    wide, high = max(across * _CELL[0], 6.0), max(down * _CELL[1], 2.0)
    figure = chart.make_figure(high + 1.0, wide)
    axes = figure.add_axes((0.0, 0.0, 1.0, high / (high + 1.0)))
    axes.set_xlim(-0.5, across - 0.5)
    axes.set_ylim(down / 2, -down / 2)
    axes.axis("off")
    for (begin_x, begin_y), *between, (end_x, end_y) in lines:
        points = [(begin_x + 0.3, begin_y), *between, (end_x - 0.3, end_y)]
        axes.plot(*zip(*points[:-1]), color=chart.QUIET, linewidth=1.2)
        axes.annotate("", points[-1], points[-2], arrowprops={**_ARROW, "color": chart.QUIET})
    for vertex, (x, y) in zip(graph.vertices, places):
        color = _LEAF if not vertex.made_of else _END if vertex is graph.vertices[-1] else _OPERATION
        round_off = "round,pad=0,rounding_size=0.1"
        box = FancyBboxPatch((x - 0.3, y - 0.3), 0.6, 0.6, round_off, zorder=2, facecolor=color, edgecolor=chart.QUIET)
        axes.add_patch(box)
        shape = " x ".join(map(str, vertex.shape))
        axes.text(x, y - 0.05 if shape else y, vertex.name, color=chart.INK, fontsize=13, ha="center", va="center")
        axes.text(x, y + 0.18, shape, color=chart.QUIET, fontsize=9, ha="center", va="center", zorder=3)
    figure.text(0.3 / wide, 1 - 0.5 / (high + 1.0), graph.title, color=chart.INK, fontsize=18, va="center")
    return chart.save(figure, path)
