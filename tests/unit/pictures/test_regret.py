"""The picture of regret shows what it is given, on both clocks."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from palestra.pictures.regret import Regret, RegretCurve, draw_regret


def curve(name: str, scale: float) -> RegretCurve:
    pulls = np.arange(1.0, 101.0)
    mean = scale * np.log(pulls)
    return RegretCurve(name, pulls, mean, mean - 1, mean + 1, mean - 5, mean + 5)


def test_one_curve_with_its_spread_and_the_bound(tmp_path: Path, figures: list[Figure]) -> None:
    path = draw_regret(tmp_path / "plots" / "regret.png", Regret("a title", [curve("ucb", 3.0)], 2.0))
    assert path.read_bytes().startswith(b"\x89PNG")
    left, right = figures[0].axes
    assert (left.get_xscale(), right.get_xscale()) == ("linear", "log")
    for axes in (left, right):
        regret, bound = axes.lines
        np.testing.assert_allclose(regret.get_ydata(), 3.0 * np.log(np.arange(1, 101)))
        np.testing.assert_allclose(bound.get_ydata()[-1], 2.0 * np.log(100))
        assert len(axes.collections) == 2  # the spread over bandits and the mean's interval
    assert left.get_ylim()[1] > 3.0 * np.log(100) + 5
    assert "Lai-Robbins  2 ln t" in right.get_legend().get_texts()[1].get_text()


def test_several_curves_without_the_spread(tmp_path: Path, figures: list[Figure]) -> None:
    draw_regret(tmp_path / "regret.png", Regret("t", [curve("a", 1.0), curve("b", 2.0)]))
    left, right = figures[0].axes
    assert len(left.lines) == len(left.collections) == 2
    assert len({line.get_color() for line in left.lines}) == 2
    texts = [text.get_text() for text in right.get_legend().get_texts()]
    assert [text.split()[0] for text in texts] == ["a", "b"]
