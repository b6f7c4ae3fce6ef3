"""A picture of association rules: who has the one has the other, how often, and how much more often than by chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart
from palestra.pictures.numbers import number

_LINE = 0.42
"""Inches of a rule."""
_LETTERS = 52
"""Of a rule."""


class NamedRule(NamedTuple):
    """A rule in words."""

    antecedent: str
    consequent: str
    support: float
    confidence: float
    lift: float


@dataclass(frozen=True)
class Rules(Exhibit):
    """Some rules, from top to bottom."""

    said: str
    """Below the title."""
    rules: Sequence[NamedRule]
    """At least one."""


def draw_rules(path: Path, shown: Rules) -> Path:
    """Draw rules as bars of their lift, with their figures beside them, into a PNG; returns its path."""
    height = 1.9 + _LINE * len(shown.rules)
    figure = chart.make_figure(height)
    axes = figure.add_axes((0.36, 0.55 / height, 0.35, _LINE * len(shown.rules) / height))
    lifts, places = [rule.lift for rule in shown.rules], range(len(shown.rules))
    axes.barh(places, lifts, 0.7, color=chart.COLORS[0])
    axes.axvline(1.0, color=chart.QUIET, linewidth=1.2, linestyle=(0, (4, 3)))
    chart.style(axes, 11)
    axes.grid(visible=False, axis="y")
    words = [_cut(f"{rule.antecedent}  →  {rule.consequent}") for rule in shown.rules]
    axes.set_yticks(places, words, fontsize=11, color=chart.INK, parse_math=False)
    axes.set_ylim(len(shown.rules) - 0.5, -0.5)
    for place, rule in zip(places, shown.rules):
        said = f"lift {number(rule.lift, 3)}, confidence {rule.confidence:.1%}, support {rule.support:.2%}"
        axes.text(1.01, place, said, transform=axes.get_yaxis_transform(), fontsize=11, color=chart.QUIET, va="center")
    axes.set_xlabel("lift; at the broken line the two have nothing to do with each other", color=chart.QUIET)
    figure.text(0.02, 1 - 0.45 / height, shown.title, fontsize=20, color=chart.INK, va="center")
    figure.text(0.02, 1 - 0.85 / height, shown.said, fontsize=13, color=chart.QUIET, va="center")
    return chart.save(figure, path)


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
