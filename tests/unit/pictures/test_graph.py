"""The picture of a graph: who stands where, and that everything is drawn."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from palestra.ops.autodiff import Value, Vertex, graph
from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.graph import Graph, draw_graph, laid_out


def perceptron() -> Value:
    x, w1, b1, w2 = (Value(np.ones(shape), name) for name, shape in
                     (("x", (8, 3)), ("W1", (3, 4)), ("b1", (4,)), ("W2", (4, 1))))  # fmt: skip
    return (((x @ w1 + b1).tanh() @ w2) ** 2).mean()


def test_everything_stands_right_of_what_it_was_made_of_and_nothing_on_anything() -> None:
    vertices = graph(perceptron())
    places, lines = laid_out(vertices)
    assert len(set(places)) == len(places) == len(vertices)
    for vertex, (x, _) in zip(vertices, places, strict=True):
        assert all(places[source][0] < x for source in vertex.made_of)
    assert [(line[0], line[-1]) for line in lines] == [
        (places[source], place) for vertex, place in zip(vertices, places, strict=True) for source in vertex.made_of
    ]
    by_name = dict(zip((vertex.name for vertex in vertices), places, strict=True))
    # A leaf stands right before what it is used for, not at the left edge.
    assert [by_name[name][0] for name in ("x", "W1", "b1", "W2")] == [0, 0, 1, 3]


def test_a_line_that_goes_past_something_has_a_place_of_its_own() -> None:
    # a + exp a: the line from a to the sum goes round the exponential.
    places, lines = laid_out([Vertex("a", (), ()), Vertex("exp", (), (0,)), Vertex("+", (), (0, 1))])
    assert [x for x, _ in places] == [0, 1, 2]
    (past,) = (line for line in lines if len(line) == 3)
    assert past[1][0] == 1
    assert past[1] not in places


def test_lines_that_need_not_cross_do_not() -> None:
    # Two pairs of leaves, given in an order that crosses: a, c, b, d for a + b and c + d.
    crossed = [Vertex(name, (), ()) for name in "acbd"]
    crossed += [Vertex("+", (), (0, 2)), Vertex("+", (), (1, 3)), Vertex("*", (), (4, 5))]
    height = [y for _, y in laid_out(crossed).places]
    below = [(height[0] - height[1]), (height[2] - height[1]), (height[0] - height[3]), (height[2] - height[3])]
    assert all(gap > 0 for gap in below) or all(gap < 0 for gap in below)
    assert (height[4] - height[5]) * below[0] > 0


def test_every_vertex_and_every_line_is_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    vertices = graph(perceptron())
    path = draw_graph(tmp_path / "plots" / "graph.png", Graph("a perceptron", vertices))
    assert path.read_bytes().startswith(b"\x89PNG")
    (axes,) = figures[0].axes
    assert sum(isinstance(patch, FancyBboxPatch) for patch in axes.patches) == len(vertices)
    said = [text.get_text() for text in axes.texts]
    assert [said.count(vertex.name) for vertex in vertices] == [
        sum(other.name == vertex.name for other in vertices) for vertex in vertices
    ]
    assert "8 x 3" in said
    assert said.count("") >= sum(len(vertex.made_of) for vertex in vertices)
    assert figures[0].texts[0].get_text() == "a perceptron"
    assert draw_exhibits([Graph("one leaf", graph(Value(2.0)))], tmp_path) == [tmp_path / "graph.png"]
