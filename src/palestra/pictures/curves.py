"""Pictures of a run: the learning curve against its claim, and every metric of the training in small multiples."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import PalestraError
from palestra.pictures import chart
from palestra.pictures.numbers import number
from palestra.runs.series import read_buckets, read_names
from palestra.runs.store import read_config

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EVALUATION, _TRAINING, _CLAIM = "#2563eb", "#f59e0b", "#059669"
_MAX_POINTS = 600  # buckets of a curve; more than the eye tells apart on this width
_MAX_PANELS = 60  # of small multiples; more than anybody looks at
_MAX_LETTERS = 36  # of a panel's name
_LABEL_GAP = 0.045  # of the axes' height: one line of text


def draw_curves(run_path: Path, headline: str = "eval/return_mean") -> list[Path]:
    """Draw a run's pictures into its ``plots/`` folder and return their paths.

    ``learning-curve.png`` (1600 by 900) shows the claim's metric (``headline`` without a claim) with
    the spread of its episodes where ``…_min`` and ``…_max`` are recorded, the ``train/`` or ``env/`` series of the
    same name, and the claim's threshold as ``config.json`` gives it (``claim``: ``{"metric", "threshold"}``).
    ``training-metrics.png`` shows every series that is not of evaluations, or the first 60: what the learner reports
    of itself (``train/``), what environments said (``env/``, beside what they said in evaluations), what callbacks
    measured. A picture without any series is left out. Raises PalestraError when nothing is recorded or the disk
    refuses.
    """
    database = run_path / "metrics.db"
    names = read_names(database)
    config = read_config(run_path)
    claim = config.get("claim") or {}
    metric = claim.get("metric", headline)
    training = [name for name in names if not name.startswith("eval/")]
    known = [name for name in training if name.startswith(("train/", "env/"))]
    written = []
    if {metric, *_training_names(metric)} & set(names):
        figure = _learning_curve(database, names, metric, claim.get("threshold"), _title(run_path, config))
        written.append(chart.save(figure, run_path / "plots" / "learning-curve.png"))
    if known:
        training.sort(key=lambda name: not name.startswith("train/"))
        left_out = f"; the first {_MAX_PANELS} of {len(training):,} series" if len(training) > _MAX_PANELS else ""
        title = _title(run_path, config) + left_out
        figure = _small_multiples(database, names, training[:_MAX_PANELS], title)
        written.append(chart.save(figure, run_path / "plots" / "training-metrics.png"))
    if not written:
        raise PalestraError(f"nothing to draw in {run_path}: no {metric} and no series of the training recorded")
    return written


def _learning_curve(database: Path, names: list[str], metric: str, threshold: float | None, title: str) -> "Figure":
    figure = chart.make_figure(9.0)
    axes = figure.add_axes((0.07, 0.1, 0.78, 0.76))
    labels: list[tuple[float, str, str]] = []  # height, text, colour
    for name in (name for name in _training_names(metric) if name in names):
        curve = read_buckets(database, name, _MAX_POINTS)
        _band(axes, curve.steps, curve.low, curve.high, _TRAINING)
        axes.plot(curve.steps, curve.mean, color=_TRAINING, linewidth=1.8, alpha=0.9)
        labels.append((_last(curve.mean), f"training  {number(_last(curve.mean))}", _TRAINING))
    if metric in names:
        curve = read_buckets(database, metric, _MAX_POINTS)
        low, high = metric.replace("_mean", "_min"), metric.replace("_mean", "_max")
        if "_mean" in metric and {low, high} <= set(names):
            lows, highs = (read_buckets(database, name, _MAX_POINTS) for name in (low, high))
            _band(axes, lows.steps, lows.low, highs.high, _EVALUATION)
        dots: dict[str, Any] = {"marker": "o", "markersize": 6} if len(curve.steps) <= 60 else {}
        axes.plot(curve.steps, curve.mean, color=_EVALUATION, linewidth=2.8, **dots)
        labels.append((_last(curve.mean), f"evaluation  {number(_last(curve.mean))}", _EVALUATION))
    if threshold is not None:
        axes.axhline(threshold, color=_CLAIM, linewidth=1.8, linestyle=(0, (6, 4)))
        labels.append((threshold, f"claim  {number(threshold)}", _CLAIM))
    chart.style(axes, size=15)
    axes.margins(x=0.01, y=0.06)
    axes.set_xlabel("steps", color=chart.QUIET, fontsize=16, labelpad=10)
    _label_ends(axes, labels)
    figure.text(0.07, 0.94, title, color=chart.INK, fontsize=23, fontweight="bold", va="center")
    figure.text(0.07, 0.895, _spoken(metric), color=chart.QUIET, fontsize=17, va="center")
    return figure


def _small_multiples(database: Path, names: list[str], shown: list[str], title: str) -> "Figure":
    """A panel for each series that is to be shown, of all that there are."""
    columns = min(4, math.ceil(math.sqrt(len(shown))))
    rows = math.ceil(len(shown) / columns)
    height = 1.3 + 3.1 * rows
    figure = chart.make_figure(height)
    figure.text(0.03, 1 - 0.5 / height, title, color=chart.INK, fontsize=22, fontweight="bold", va="center")
    grid = figure.add_gridspec(
        rows, columns, left=0.05, right=0.97, bottom=0.6 / height, top=1 - 1.4 / height, hspace=0.55, wspace=0.3
    )  # fmt: skip
    for i, name in enumerate(shown):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        evaluated = name.replace("env/", "eval/", 1) if name.startswith("env/") else name
        colors = {name: _TRAINING, evaluated: _EVALUATION}
        for series in (series for series in colors if series in names):
            curve = read_buckets(database, series, _MAX_POINTS // columns)
            _band(axes, curve.steps, curve.low, curve.high, colors[series])
            axes.plot(curve.steps, curve.mean, color=colors[series], linewidth=1.8)
        chart.style(axes, size=11)
        axes.margins(x=0.01, y=0.08)
        axes.locator_params(axis="both", nbins=4)
        panel = chart.cut(name.removeprefix("train/"), _MAX_LETTERS)
        axes.set_title(panel, loc="left", color=chart.INK, fontsize=14, pad=10)
    return figure


def _band(axes: "Axes", steps: NDArray[Any], low: NDArray[Any], high: NDArray[Any], color: str) -> None:
    axes.fill_between(steps, low, high, color=color, alpha=0.14, linewidth=0)


def _label_ends(axes: "Axes", labels: list[tuple[float, str, str]]) -> None:
    """Name each line at its right end, pushed apart where two ends lie closer than a line of text."""
    bottom, top = axes.get_ylim()
    named = sorted(label for label in labels if math.isfinite(label[0]))
    heights = [(value - bottom) / (top - bottom) for value, _, _ in named]
    for _ in range(50):  # a few rounds settle the three labels there are
        for i in range(len(heights) - 1):
            overlap = _LABEL_GAP - (heights[i + 1] - heights[i])
            if overlap > 0:
                heights[i] -= overlap / 2
                heights[i + 1] += overlap / 2
    font: dict[str, Any] = {"fontsize": 16, "fontweight": "bold", "va": "center"}
    for height, (_, text, color) in zip(heights, named):
        axes.text(1.012, height, text, transform=axes.transAxes, color=color, **font)


def _title(run_path: Path, config: dict[str, Any]) -> str:
    if {"recipe", "training"} <= config.keys():
        return f"{config['recipe']}, seed {config['training']['seed']}"
    return run_path.name


def _training_names(metric: str) -> list[str]:
    """What a training may call what its evaluations call ``metric``."""
    return [kind + metric.rpartition("/")[2] for kind in ("train/", "env/")]


def _spoken(metric: str) -> str:
    """``eval/return_mean`` as ``mean return``."""
    words = metric.rpartition("/")[2].split("_")
    return " ".join(words[-1:] + words[:-1]) if words[-1] in ("mean", "min", "max") else " ".join(words)


def _last(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else math.nan
