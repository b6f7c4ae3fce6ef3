"""The picture of a sweep: each trial as a line through its settings, what each setting explains, the best so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from palestra.measure import Direction
from palestra.pictures import chart
from palestra.pictures.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TICKS = 6
"""Labels of an axis, at most."""
_LETTERS = 14
"""Of a label, at most."""


@dataclass(frozen=True)
class Scale:
    """One setting: an upright axis."""

    name: str
    """Of the setting."""
    places: NDArray[np.float64]
    """(n,) where each trial is on it, from 0 to 1."""
    ticks: Sequence[tuple[float, str]]
    """What is written at which place."""
    share: float
    """Of the differences between scores, what it explains by itself, from 0 to 1."""


@dataclass(frozen=True)
class SweepData:
    """All trials of a sweep that have a score, in the order in which they were asked for."""

    title: str
    """Above all."""
    metric: str
    """What the scores are of."""
    direction: Direction
    """Which way they are better."""
    scales: Sequence[Scale]
    """The settings, in order."""
    scores: NDArray[np.float64]
    """(n,) of the trials."""
    whole: NDArray[np.bool_]
    """(n,) whether a trial went the whole way; only such can be the best."""
    steps: NDArray[np.float64]
    """(n,) what all trials had cost together when each ended, on the learner's clock."""
    unit: str
    """Of that clock."""


@dataclass(frozen=True)
class Progress:
    """The best of the whole trials so far."""

    steps: NDArray[np.float64]
    """(m,) the cost until then."""
    scores: NDArray[np.float64]
    """(m,) the best score."""


def progress_of(shown: SweepData) -> Progress:
    """The best so far after each whole trial."""
    scores = shown.scores[shown.whole]
    best = np.maximum.accumulate(scores) if shown.direction == "up" else np.minimum.accumulate(scores)
    return Progress(shown.steps[shown.whole], best)


def shades_of(shown: SweepData) -> NDArray[np.float64]:
    """(n,) how good each trial is among all, from 0, the worst, to 1: by its rank, so that no outlier takes all."""
    good = shown.scores if shown.direction == "up" else -shown.scores
    below = (good[:, None] > good).sum(1) + ((good[:, None] == good).sum(1) - 1) / 2
    shades: NDArray[np.float64] = below / max(1, len(good) - 1)
    return shades


def draw_sweep(path: Path, shown: SweepData) -> Path:
    """Draw a sweep into a PNG of 1600 by 1000; returns its path. There has to be a trial in it."""
    figure = chart.make_figure(10.0)
    figure.text(0.04, 0.955, shown.title, color=chart.INK, fontsize=22, fontweight="bold", va="center")
    _draw_lines(figure.add_axes((0.06, 0.5, 0.88, 0.35)), shown)
    _draw_shares(figure.add_axes((0.2, 0.08, 0.25, 0.28)), shown)
    _draw_progress(figure.add_axes((0.56, 0.08, 0.39, 0.28)), shown)
    return chart.save(figure, path)


def _draw_lines(axes: "Axes", shown: SweepData) -> None:
    from matplotlib import colormaps

    low, high = float(shown.scores.min()), float(shown.scores.max())
    span = (high - low) or 1.0
    ends = [*(scale.places for scale in shown.scales), (shown.scores - low) / span]
    shades = shades_of(shown)
    colors = colormaps["viridis"](1 - shades)
    for i in np.argsort(shades):  # the best on top
        width, alpha = (2.2, 0.95) if shades[i] > 0.9 else (1.1, 0.55)
        style = "solid" if shown.whole[i] else "dotted"
        line = [place[i] for place in ends]
        axes.plot(range(len(ends)), line, color=colors[i], linewidth=width, alpha=alpha, linestyle=style)
    chart.style(axes, 11)
    axes.grid(visible=False)
    axes.set_xlim(-0.25, len(ends) - 1 + 0.25)
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([])
    axes.set_xticks(range(len(ends)), [*(scale.name for scale in shown.scales), shown.metric], color=chart.INK)
    middle = [(0.0, number(low)), (1.0, number(high))] if high > low else [(0.0, number(low))]
    for at, ticks in enumerate([*(scale.ticks for scale in shown.scales), middle]):
        axes.axvline(at, color=chart.QUIET, linewidth=1.2, zorder=0)
        for place, text in ticks:
            axes.annotate(
                chart.cut(text, _LETTERS), (at, place), (6, 0), textcoords="offset points", fontsize=11, va="center",
                color=chart.INK, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1},
            )  # fmt: skip
    ended = "; dotted: ended early" if not shown.whole.all() else ""
    said = f"{len(shown.scores)} trials, dark is good{ended}"
    axes.set_title(said, loc="left", color=chart.QUIET, fontsize=14, pad=14)


def _draw_shares(axes: "Axes", shown: SweepData) -> None:
    order = sorted(shown.scales, key=lambda scale: -scale.share)
    bars = axes.barh(range(len(order)), [100 * scale.share for scale in order], 0.6, color=chart.COLORS[0])
    axes.bar_label(bars, [f"{100 * scale.share:.0f}%" for scale in order], color=chart.QUIET, padding=5, fontsize=12)
    chart.style(axes, 12)
    axes.grid(visible=False, axis="y")
    axes.set_yticks(range(len(order)), [scale.name for scale in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.xaxis.set_major_formatter(lambda value, _: f"{number(value)}%")
    axes.set_title("what each explains by itself", loc="left", color=chart.QUIET, fontsize=14, pad=12)


def _draw_progress(axes: "Axes", shown: SweepData) -> None:
    color, progress = chart.COLORS[0], progress_of(shown)
    axes.plot(shown.steps[shown.whole], shown.scores[shown.whole], "o", color=color, alpha=0.45, markersize=6)
    axes.plot(shown.steps[~shown.whole], shown.scores[~shown.whole], "x", color=chart.QUIET, alpha=0.6, markersize=6)
    axes.plot(progress.steps, progress.scores, color=color, linewidth=2.8, drawstyle="steps-post")
    chart.style(axes, 12)
    axes.set_xlabel(f"{shown.unit} of all trials together", color=chart.QUIET, fontsize=13, labelpad=8)
    title = f"{shown.metric}, and the best so far"
    axes.set_title(title, loc="left", color=chart.QUIET, fontsize=14, pad=12)
