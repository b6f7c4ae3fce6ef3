"""Curves of runs, short enough to be drawn: least, mean and most of each bucket, whatever the series' length.

What was read of a long series is kept, in some thousands of buckets, so that a second look at it, or a look at a part,
reads only the rows that are new, and none where the database has not changed. Where a part is asked for of which the
buckets kept are too coarse, its rows are read.
"""

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.runs.series import Buckets, read_after, read_buckets

KEPT = 4_096
"""Buckets that are kept of a series; what is new is added one by one, until there are twice as many."""
MOST_POINTS = 2_000
"""Of a curve that is sent."""
_MOST_SERIES = 1_000
"""That are kept."""
_FEW = 0.4
"""Share of the points asked for below which the buckets that are kept are too coarse."""
Stamp = tuple[tuple[int, int, int], ...] | None
"""Of a database: what changes with it."""


@dataclass(frozen=True)
class _Series:
    """What is kept of a series."""

    buckets: Buckets
    whole: bool
    """Whether every bucket is one point."""
    stamp: Stamp
    """Of the database just before it was read."""


def stamp_of(database: Path) -> Stamp:
    """What changes when rows are written: inodes, times and sizes of its files; None where there are none."""
    found = []
    for name in (database, database.with_name(f"{database.name}-wal")):
        try:
            status = os.stat(name)
        except OSError:
            continue
        if status.st_size:  # who reads makes an empty log, where there is none
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found) or None


class Curves:
    """Reads curves, and keeps what it read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Path, str, str], _Series] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self,
        database: Path,
        name: str,
        points: int,
        first: int | None = None,
        last: int | None = None,
        *,
        age: str = "",
    ) -> Buckets:
        """A curve, in at most so many buckets.

        Args:
            database: of the run.
            name: of a deterministic series; an unknown one is empty.
            points: at most ``MOST_POINTS``.
            first: the first step that is drawn, if not all are; the points beside it are there too.
            last: the last one.
            age: what changes when rows are dropped and others written in their place, as by a resume.
        """
        points = max(2, min(points, MOST_POINTS))
        series = self._series(database, name, age)
        part = _between(series.buckets, first, last)
        if not series.whole and len(part.steps) < min(_FEW * points, len(series.buckets.steps)):
            return read_buckets(database, name, points, first, last)
        return shortened(part, points)

    def _series(self, database: Path, name: str, age: str) -> _Series:
        """What is kept of a series, with what is new."""
        key, stamp = (database, name, age), stamp_of(database)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and stamp is not None and kept.stamp == stamp:
            return kept
        new = None if kept is None else read_after(database, name, _end(kept.buckets), KEPT)
        if kept is None or new is None:
            buckets = read_buckets(database, name, KEPT)
        else:
            buckets = _grown(kept.buckets, *new)
        series = _Series(buckets, bool((buckets.counts <= 1).all()), stamp)
        with self._lock:
            self._kept[key] = series
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_SERIES:
                self._kept.popitem(last=False)
        return series


def shortened(buckets: Buckets, points: int) -> Buckets:
    """Buckets in at most ``points`` of equal width in steps; as they are if they are as few."""
    steps = buckets.steps
    if len(steps) <= points:
        return buckets
    first, width = float(steps[0]), float(steps[-1] - steps[0] + 1)
    begins = np.flatnonzero(np.diff(((steps - first) * points / width).astype(np.int64), prepend=-1))
    count = np.add.reduceat(buckets.counts, begins)
    total = np.add.reduceat(np.where(buckets.counts > 0, buckets.mean, 0.0) * buckets.counts, begins)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    low, high = np.fmin.reduceat(buckets.low, begins), np.fmax.reduceat(buckets.high, begins)
    return Buckets(steps[np.append(begins[1:], len(steps)) - 1], low, mean, high, count)


def _end(buckets: Buckets) -> int:
    return int(buckets.steps[-1]) if len(buckets.steps) else -(2**63)


def _between(buckets: Buckets, first: int | None, last: int | None) -> Buckets:
    """Those that are drawn, and one beyond either end, so that lines go on to the edge."""
    steps = buckets.steps
    begin = 0 if first is None else max(0, int(np.searchsorted(steps, first)) - 1)
    end = len(steps) if last is None else int(np.searchsorted(steps, last, side="right")) + 1
    parts: list[NDArray[Any]] = [column[begin:end] for column in buckets]
    return Buckets(*parts)


def _grown(kept: Buckets, steps: NDArray[np.int64], values: NDArray[np.float64]) -> Buckets:
    """What is kept, and points that are new."""
    if not len(steps):
        return kept
    added = Buckets(steps, values, values, values, (~np.isnan(values)).astype(np.float64))
    parts: list[NDArray[Any]] = [np.concatenate(both) for both in zip(kept, added)]
    grown = Buckets(*parts)
    return grown if len(grown.steps) < 2 * KEPT else shortened(grown, KEPT)
