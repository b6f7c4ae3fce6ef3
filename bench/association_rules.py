"""How long does it take to find the frequent sets of baskets? Against mlxtend and efficient-apriori, and the same sets.

Each side begins with what it takes: a table of 0 and 1 for ours, a frame of booleans for mlxtend, lists for
efficient-apriori. They take turns. The peers are needed by this alone, and no extra has them.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset
from palestra.errors import pip_install
from palestra.ops.association import least_count, longer_sets, packed, rules_of, single_sets
from report import publish

PEERS = ("mlxtend==0.25.0", "efficient-apriori==2.0.6")
Found = dict[tuple[int, ...], int]
"""Items of a set to the baskets that hold it."""


def peer(module: str) -> Any:
    """A peer's module; without it the benchmark ends with the line that installs both."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SystemExit(f"this benchmark needs its peers: {pip_install()} {' '.join(PEERS)}") from error


def ours(table: NDArray[np.uint8], support: float, longest: int) -> Callable[[], Found]:
    """Bits and "and", size by size."""
    least = least_count(support, len(table))

    def work() -> Found:
        bits = packed(table)
        levels = [single_sets(bits, least)]
        while len(levels[-1].count_O) and len(levels) < longest:
            levels.append(longer_sets(bits, levels[-1], least))
        return {
            tuple(items): count
            for level in levels
            for items, count in zip(level.item_OQ.tolist(), level.count_O.tolist(), strict=True)
        }

    return work


def mlxtend(method: str) -> Callable[[NDArray[np.uint8], float, int], Callable[[], Found]]:
    """Its FP-growth, or its Apriori."""

    def side(table: NDArray[np.uint8], support: float, longest: int) -> Callable[[], Found]:
        frame = peer("pandas").DataFrame(table.astype(bool))
        find = getattr(peer("mlxtend.frequent_patterns"), method)

        def work() -> Found:
            found = find(frame, min_support=support, max_len=longest)
            pairs = zip(found["itemsets"], found["support"], strict=True)
            return {tuple(sorted(items)): round(share * len(table)) for items, share in pairs}

        return work

    return side


def efficient_apriori(table: NDArray[np.uint8], support: float, longest: int) -> Callable[[], Found]:
    """Its frequent sets."""
    baskets = [tuple(np.flatnonzero(row).tolist()) for row in table]
    find = peer("efficient_apriori").itemsets_from_transactions

    def work() -> Found:
        by_size, _ = find(baskets, support, longest)
        return {items: count for sets in by_size.values() for items, count in sets.items()}

    return work


SIDES = {
    "ours": ours,
    "mlxtend, FP-growth": mlxtend("fpgrowth"),
    "mlxtend, Apriori": mlxtend("apriori"),
    "efficient-apriori": efficient_apriori,
}


def made(baskets: int) -> NDArray[np.uint8]:
    """Of 200 items, a few in many baskets and many in few; three that go together."""
    rng = np.random.default_rng(0)
    table = (rng.random((baskets, 200)) < 0.3 / (1 + np.arange(200)) ** 0.7).astype(np.uint8)
    table[: baskets // 20, 150:153] = 1
    return table


def seconds(work: Callable[[], Found]) -> float:
    """Of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """All sides, on the pizzas and on a larger collection that is made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baskets", type=int, default=100_000, help="of the collection that is made")
    parser.add_argument("--rounds", type=int, default=5)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    pizzas = Dataset("pizzas").load()["train"].inputs.numpy()
    collections = {"pizzas": (pizzas, 0.002, 3), "made": (made(args.baskets), 0.01, 3)}
    table: list[dict[str, Any]] = []
    for name, (baskets, support, longest) in collections.items():
        works = {side: make(baskets, support, longest) for side, make in SIDES.items()}
        found = {side: work() for side, work in works.items()}  # a first call, which does not count
        if any(sets != found["ours"] for sets in found.values()):
            raise SystemExit(f"{name}: the sides differ in their sets or counts; nothing is published")
        taken: dict[str, list[float]] = {side: [] for side in works}
        for _ in range(args.rounds):
            for side, work in works.items():
                taken[side].append(seconds(work))
        for side, times in taken.items():
            median = statistics.median(times)
            ratio = median / statistics.median(taken["ours"])
            table.append({
                "baskets": f"{name}, {len(baskets):,} of {baskets.shape[1]} items", "side": side,
                "support": support, "longest": longest, "sets": len(found[side]), "s": median, "times ours": ratio,
            })  # fmt: skip
    first = table[: len(SIDES)]
    fastest = min(first[1:], key=lambda row: row["s"])
    least = least_count(0.002, len(pizzas))
    bits = packed(pizzas)
    levels = [single_sets(bits, least)]
    levels += [longer_sets(bits, levels[0], least)]
    rules = len(rules_of(levels, len(pizzas), 0.05, 1.0))
    publish(
        "association_rules",
        "Frequent sets: seconds, and the same sets on all sides",
        {
            "ours": first[0]["s"], "peer": fastest["s"], "ratio": fastest["times ours"], "unit": "s", "seeds": [0],
            "smallest ratio": min(row["times ours"] for row in table if row["side"] != "ours"),
        },
        table,
        [
            f"The faster peer on the pizzas is {fastest['side']}; sets and counts are the same on all sides.",
            f"Medians of {args.rounds} turns, one thread; turning baskets into what a side takes is not counted.",
            f"Of pairs of pizzas {rules:,} rules have a confidence of 0.05 and a lift above 1.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
