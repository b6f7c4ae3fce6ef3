"""``palestra.watch``: the curve of a run in a notebook cell, drawn anew as it grows; elsewhere a line for each change.

What stands in the cell is HTML with SVG in it, and asks for nothing from anywhere. IPython is used where it is already
running, and never imported for its own sake.
"""

import importlib
import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.errors import PalestraError
from palestra.pictures.numbers import duration, number
from palestra.pictures.vector import Line, line_chart
from palestra.runs.facts import run_html
from palestra.runs.series import read_buckets, read_last_steps
from palestra.runs.store import METRICS, Run, find

if TYPE_CHECKING:
    from palestra.trials.train import Outcome

_POINTS = 200
"""Of a curve."""
_SAID = {"train": "training", "env": "training", "eval": "evaluation"}


def watch(run: "str | Path | Run | Outcome", *, out: str | Path = "runs", metric: str = "", every: float = 1.0) -> None:
    """Show a run as it learns, whoever trains it; returns when it has ended, or when the cell is interrupted.

    Args:
        run: its id or folder, or what ``train`` gave back.
        out: folder of the runs.
        metric: the series that is drawn; if empty what its claim or its score is of.
        every: seconds between two looks.
    """
    path = find(run, Path(out)) if isinstance(run, str | Path) else Path(run.path)
    show = _cell() or _lines()
    with suppress(KeyboardInterrupt):
        while True:
            seen = Run.open(path, path.parent)
            show(seen, metric)
            if seen.status != "running":
                return
            time.sleep(every)


def run_picture(run: Run, metric: str = "") -> str:
    """A run as HTML: what became of it, and its curve where it has any numbers."""
    about = run_html(run.id, run.status, run.manifest)
    with suppress(PalestraError):  # nothing recorded yet
        names = read_last_steps(run.path / METRICS)
        drawn = metric or _metric(run, names)
        wanted = [drawn, *(f"{part}/{drawn.rpartition('/')[2]}" for part in ("train", "env"))]
        lines = [_line(run, name) for name in dict.fromkeys(wanted) if name in names]
        lines = [line for line in lines if line.points]
        claim = run.config.get("claim") or {}
        if lines and claim.get("metric") == drawn:
            ends = [line.points[at][0] for line in lines for at in (0, -1)]
            level = claim["threshold"]
            lines.append(Line("claim", [(min(ends), level), (max(ends), level)], dashed=True))
        if lines:
            about += f'<div style="max-width:680px">{line_chart(lines, "steps", drawn)}</div>'
    return about


def _metric(run: Run, names: dict[str, int]) -> str:
    """What a run is judged by, of the series that it has."""
    claim, headline = run.config.get("claim") or {}, run.manifest.get("headline") or {}
    wanted = (claim.get("metric"), headline.get("name"), "eval/return_mean", *sorted(names))
    return next((name for name in wanted if name in names), "")


def _line(run: Run, name: str) -> Line:
    found = read_buckets(run.path / METRICS, name, _POINTS)
    kept = [i for i, value in enumerate(found.mean) if math.isfinite(value)]
    points = [(float(found.steps[i]), float(found.mean[i])) for i in kept]
    wide = bool((found.counts > 1).any())
    band = [(float(found.low[i]), float(found.high[i])) for i in kept] if wide else ()
    return Line(_SAID.get(name.partition("/")[0], name), points, band)


def _cell() -> Callable[[Run, str], None] | None:
    """What shows a run in a notebook's cell, always in the same place; None outside of one."""
    python: Any = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    if shell is None or not hasattr(shell, "kernel"):  # a terminal's IPython has none, and shows no HTML
        return None
    cell: Any = importlib.import_module("IPython.display")
    places: list[Any] = []

    def show(run: Run, metric: str) -> None:
        shown = cell.HTML(run_picture(run, metric))
        if places:
            places[0].update(shown)
        else:
            places.append(cell.display(shown, display_id=True))

    return show


def _lines() -> Callable[[Run, str], None]:
    """What prints a run where it has changed."""
    said: list[str] = []

    def show(run: Run, metric: str) -> None:
        told, steps, value = run.manifest, run.manifest["steps"], ""
        with suppress(PalestraError):
            names = read_last_steps(run.path / METRICS)
            steps = max([steps, *names.values()])
            drawn = metric or _metric(run, names)
            if drawn in names:
                value = f", {drawn} {number(float(read_buckets(run.path / METRICS, drawn, _POINTS).mean[-1]))}"
        line = f"{run.id}: {run.status}, {steps:,} steps in {duration(told['seconds'])}{value}"
        if [line] != said:
            said[:] = [line]
            print(line, flush=True)

    return show
