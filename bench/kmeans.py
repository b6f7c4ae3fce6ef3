"""How long does k-means take on a million rows? The same passes from the same centres as scikit-learn's Lloyd.

Beside them scikit-learn's mini-batches, which look at some rows at a time and end with more inertia. All sides take
turns, on one thread, in float64; making the rows and drawing the start are no part of any.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_limits

import palestra
from palestra.datasets.dataset import InMemory, Split
from palestra.ops.lloyd import inertia_of, nearest_centre, spread_start
from report import publish

Rows = NDArray[np.float64]
Ended = tuple[float, Rows, int]
"""Seconds, where the centres ended, and after how many passes."""


def clouds(rows: int, columns: int, groups: int) -> Rows:
    """Twice as many clouds as there are to be groups, which overlap: no side is done before its last pass."""
    rng = np.random.default_rng(0)
    middles = rng.normal(0.0, 2.0, (2 * groups, columns))
    return middles[rng.integers(0, 2 * groups, rows)] + rng.normal(size=(rows, columns))


def ours(rows: Rows, start: Rows, passes: int) -> Callable[[], Ended]:
    """The learner, step by step."""
    config = palestra.KMeansConfig(groups=len(start), restarts=1, tolerance=0.0, passes=passes, start="random")
    source = InMemory({"train": Split(torch.from_numpy(rows), None)})

    def work() -> Ended:
        learner = palestra.KMeans(source, config)
        learner.trail_LGF = torch.from_numpy(start)[None].clone()
        begin = time.perf_counter()
        learner.learn(10**15)
        return time.perf_counter() - begin, learner.centre_GF.numpy(), learner.clock // len(rows)

    return work


def theirs(kind: Any, rows: Rows, start: Rows, **settings: Any) -> Callable[[], Ended]:
    """One of scikit-learn's."""

    def work() -> Ended:
        model = kind(len(start), init=start, n_init=1, random_state=0, **settings)
        begin = time.perf_counter()
        with threadpool_limits(1):
            model.fit(rows)
        return time.perf_counter() - begin, model.cluster_centers_, model.n_iter_

    return work


def main() -> None:
    """All sides, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=16)
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--passes", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    rows = clouds(args.rows, args.columns, args.groups)
    held = torch.from_numpy(rows)
    start = spread_start(held[: 10 * args.groups], args.groups, torch.Generator().manual_seed(0)).numpy()
    sides = {
        "k-means (ours)": ours(rows, start, args.passes),
        "scikit-learn, Lloyd": theirs(KMeans, rows, start, algorithm="lloyd", tol=0.0, max_iter=args.passes),
        "scikit-learn, mini-batches": theirs(MiniBatchKMeans, rows, start),
    }
    found: dict[str, list[Ended]] = {name: [] for name in sides}
    for _ in range(args.repeats):
        for name, work in sides.items():
            found[name].append(work())
    table = []
    for name, ends in found.items():
        _, centres, passes = ends[-1]
        where = torch.from_numpy(np.ascontiguousarray(centres))
        inertia = float(inertia_of(held, where, nearest_centre(held, where)))
        seconds = statistics.median(each for each, _, _ in ends)
        table.append({"side": name, "seconds": seconds, "passes": passes, "inertia": f"{inertia:.10g}"})
    mine, other = table[0], table[1]
    publish(
        "kmeans",
        f"K-means on {args.rows:,} rows of {args.columns} columns, {args.groups} groups",
        {"ours": mine["seconds"], "peer": other["seconds"], "ratio": other["seconds"] / mine["seconds"], "unit": "s",
         "seeds": [0]},
        table,
        [
            f"Median of {args.repeats} runs in turn, one thread, float64, from the same centres, which k-means++ drew"
            f" among {10 * args.groups} rows. Lloyd's sides make {args.passes} passes; mini-batches end by themselves,"
            " and their passes are over as many rows as there are.",
            "Inertia is of where the centres ended, over all rows.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
