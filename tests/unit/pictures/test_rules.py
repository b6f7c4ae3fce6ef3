"""The picture of rules: a bar of each one's lift, its words and its figures beside it."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.rules import NamedRule, Rules


def test_each_rule_is_a_bar_with_its_figures(tmp_path: Path, figures: list[Figure]) -> None:
    rules = [NamedRule("bread", "butter $", 0.0123, 0.456, 2.5), NamedRule("x" * 50, "y" * 50, 0.5, 1.0, 0.5)]
    (path,) = draw_exhibits([Rules("title", "below", rules)], tmp_path)
    assert path.name == "rules.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    (axes,) = figures[0].axes
    assert [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)] == pytest.approx([2.5, 0.5])
    words = [label.get_text() for label in axes.get_yticklabels()]
    assert words[0] == "bread  →  butter $"
    assert (len(words[1]), words[1][-1]) == (52, "…")
    assert axes.texts[0].get_text() == "lift 2.5, confidence 45.6%, support 1.23%"
    low, high = axes.get_ylim()
    assert low > high  # the first at the top
