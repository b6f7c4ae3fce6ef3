"""A picture of a decision tree, as SVG: questions in boxes, answers on the way down, and what rows a node has."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.codes import CLASS_COLORS
from palestra.pictures.numbers import number
from palestra.runs.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DEEPEST = 5
"""Questions from the root down that are drawn; what is below is told by a few dots."""
_WIDE, _HIGH = 1.9, 1.35
"""Inches of a leaf's place, and of a depth."""
_BOX = (0.86, 0.52)
"""Of a place that a box takes, across and down."""
_LETTERS = 24
"""Of a question."""


class DrawnNode(NamedTuple):
    """A node."""

    question: str
    """What rows are asked; empty of a leaf."""
    left: int
    """The child of those who say yes, whose neighbour is the other; of a leaf nothing."""
    rows: int
    """How many it was made of."""
    value: tuple[float, ...]
    """Shares of classes, or a single number."""


@dataclass(frozen=True)
class DrawnTree(Exhibit):
    """A tree."""

    said: str
    """Below the title."""
    nodes: Sequence[DrawnNode]
    """Each behind its parent, the root first."""
    names: Sequence[str]
    """Of the classes; a number stands for one without a name."""


class Place(NamedTuple):
    """Where a node stands."""

    x: float
    """In leaves from the left."""
    depth: int


def places(nodes: Sequence[DrawnNode], deepest: int = _DEEPEST) -> dict[int, Place]:
    """Leaves side by side, a parent half way between its children, and nothing that is deeper than asked."""
    found: dict[int, Place] = {}
    leaves = 0

    def put(node: int, depth: int) -> float:
        nonlocal leaves
        if nodes[node].question and depth < deepest:
            x = (put(nodes[node].left, depth + 1) + put(nodes[node].left + 1, depth + 1)) / 2
        else:
            x = leaves + 0.5
            leaves += 1
        found[node] = Place(x, depth)
        return x

    put(0, 0)
    return found


def draw_tree(path: Path, shown: DrawnTree) -> Path:
    """Draw a tree into an SVG beside ``path``, whose suffix becomes that of one; returns its path."""
    import matplotlib

    where = places(shown.nodes)
    across = max(place.x for place in where.values()) + 0.5
    down = 1 + max(place.depth for place in where.values())
    wide, high = max(across * _WIDE, 8.0), down * _HIGH
    figure = chart.make_figure(high + 1.1, wide)
    axes = figure.add_axes((0.0, 0.0, 1.0, high / (high + 1.1)))
    spare = (wide / _WIDE - across) / 2
    axes.set_xlim(-spare, across + spare)
    axes.set_ylim(down - 0.5, -0.5)
    axes.axis("off")
    for node, place in where.items():
        drawn = shown.nodes[node]
        for side, answer in enumerate(("yes", "no")):
            child = where.get(drawn.left + side) if drawn.question else None
            if child is not None and child.depth == place.depth + 1:
                ends = (place.depth + _BOX[1] / 2, child.depth - _BOX[1] / 2)
                axes.plot((place.x, child.x), ends, color=chart.QUIET, linewidth=1.0, zorder=0)
                middle = ((place.x + child.x) / 2, sum(ends) / 2)
                axes.text(*middle, answer, fontsize=9, color=chart.QUIET, ha="center", va="center",
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
        _draw_node(axes, drawn, place, shown.names, cut=place.depth == _DEEPEST)
    figure.text(0.3 / wide, 1 - 0.4 / (high + 1.1), shown.title, fontsize=18, color=chart.INK, va="center")
    figure.text(0.3 / wide, 1 - 0.8 / (high + 1.1), shown.said, fontsize=13, color=chart.QUIET, va="center")
    target = path.with_suffix(".svg")
    # Letters as letters and not as lines, so that they can be searched; the same bytes for the same tree.
    with (
        replacing(target) as temporary,
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tree"}),
        chart.as_written(figure),
    ):
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    return target


def _draw_node(axes: "Axes", node: DrawnNode, place: Place, names: Sequence[str], *, cut: bool) -> None:
    """A box with its words, and below them a strip of how many rows are of which class."""
    from matplotlib.patches import Rectangle

    wide, high = _BOX
    left, top = place.x - wide / 2, place.depth - high / 2
    box: dict[str, Any] = {"facecolor": "white", "edgecolor": chart.QUIET, "linewidth": 1.0, "zorder": 1}
    axes.add_patch(Rectangle((left, top), wide, high, **box))
    if len(node.value) == 1:
        said = f"{number(node.value[0])}"
    else:
        best = max(range(len(node.value)), key=node.value.__getitem__)
        said = names[best] if best < len(names) else str(best)
        begin = left
        for label, share in enumerate(node.value):
            color = CLASS_COLORS[label % len(CLASS_COLORS)]
            strip = Rectangle((begin, top + 0.84 * high), wide * share, 0.16 * high, color=color, linewidth=0, zorder=2)
            axes.add_patch(strip)
            begin += wide * share
    first = node.question if node.question and not cut else f"{said} …" if node.question else said
    text: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 3, "parse_math": False}
    shown = first if len(first) <= _LETTERS else first[: _LETTERS - 1] + "…"
    axes.text(place.x, top + 0.27 * high, shown, fontsize=10, color=chart.INK, **text)
    second = f"{node.rows:,} rows" if not node.question or len(node.value) > 1 else f"{node.rows:,} rows, {said}"
    axes.text(place.x, top + 0.6 * high, second, fontsize=9, color=chart.QUIET, **text)
