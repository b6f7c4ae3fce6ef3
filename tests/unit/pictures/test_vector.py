"""Charts as SVG: well formed, with everything that was given, and nothing outside of the picture."""

import re
from xml.etree import ElementTree

import pytest

from palestra.pictures.vector import WIDTH, Line, bar_chart, line_chart, matrix_chart, nice

SPACE = "{http://www.w3.org/2000/svg}"


def texts(drawn: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(drawn).iter(f"{SPACE}text")]


def test_lines() -> None:
    lines = [
        Line("a < b", [(10, 0.5), (100, 0.25)], [(0.4, 0.6), (0.2, 0.3)]),
        Line("law", [(10, 0.5), (1000, 0.1)], dashed=True),
    ]
    drawn = line_chart(lines, "rows", "error", logarithmic=True, marks={100.0: "here"})
    assert {"a < b", "law", "rows", "error", "here", "10", "100", "1,000"} <= set(texts(drawn))
    root = ElementTree.fromstring(drawn)
    assert len([*root.iter(f"{SPACE}polygon")]) == 1
    assert len([*root.iter(f"{SPACE}circle")]) == 2
    first, second = [each.get("points", "") for each in root.iter(f"{SPACE}polyline")]
    xs = [float(pair.split(",")[0]) for pair in second.split()]
    middle = float(first.split()[1].split(",")[0])
    assert middle == pytest.approx((xs[0] + xs[1]) / 2, abs=0.1)  # 100 is half-way from 10 to 1000 by factors


def test_a_higher_value_is_higher_up() -> None:
    drawn = line_chart([Line("a", [(0, 1.0), (1, 3.0)])], "x", "y")
    (path,) = (each.get("points", "") for each in ElementTree.fromstring(drawn).iter(f"{SPACE}polyline"))
    ys = [float(pair.split(",")[1]) for pair in path.split()]
    assert ys[1] < ys[0]


def test_one_point_is_a_chart_too() -> None:
    assert "nan" not in line_chart([Line("a", [(3, 0.0)])], "x", "y")


def test_bars() -> None:
    drawn = bar_chart({"training": (0.1, 0.05, 0.2), "none": (0.0, -0.1, 0.1)}, lambda value: f"{100 * value:.0f}%")
    assert {"training", "none", "10%", "0%"} <= set(texts(drawn))
    wide = [float(each.get("width", "0")) for each in ElementTree.fromstring(drawn).iter(f"{SPACE}rect")]
    assert wide[0] > wide[1] > 0
    assert all(0 <= float(x) <= WIDTH for x in re.findall(r'x[12]?="([\d.-]+)"', drawn))


def test_a_matrix() -> None:
    drawn = matrix_chart([[7, 2], [0, 5]], ["no", "yes"], "given", "predicted")
    assert {"7", "2", "5", "given", "predicted"} <= set(texts(drawn))
    assert "0" not in texts(drawn)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 0.034, [0, 0.01, 0.02, 0.03]), (-3, 7, [-2, 0, 2, 4, 6]), (2, 2, [2])],
)
def test_nice_values(low: float, high: float, expected: list[float]) -> None:
    assert nice(low, high) == pytest.approx(expected)
