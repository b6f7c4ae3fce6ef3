"""How long does it take to find the hundred best of a million films for a user, by their points?

Every one is looked at: what is found is what ``torch.topk`` finds. Beside it: the same product, then PyTorch's ``topk``
or NumPy's ``argpartition``.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from palestra.ops.retrieval import top
from report import publish

SIZE, SHOWN = 16, 100


def main() -> None:
    """All ways, query by query in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=101)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    film_ID = torch.randn(args.items, SIZE, generator=generator)
    seconds: dict[str, list[float]] = {}

    def argpartition(user_D: torch.Tensor) -> list[int]:
        score = (film_ID @ user_D).numpy()  # by the same product, or what is equal but for rounding changes places
        best = np.argpartition(-score, SHOWN)[:SHOWN]
        return best[np.argsort(-score[best])].tolist()  # type: ignore[no-any-return]

    ways: dict[str, Callable[[torch.Tensor], list[int]]] = {
        "ours": lambda user_D: top((film_ID @ user_D)[None], SHOWN)[0].tolist(),
        "torch.topk": lambda user_D: (film_ID @ user_D).topk(SHOWN).indices.tolist(),
        "numpy.argpartition": argpartition,
    }
    for _ in range(args.queries):
        user_D = torch.randn(SIZE, generator=generator)
        found = []
        for name, way in ways.items():
            start = time.perf_counter()
            found.append(way(user_D))
            seconds.setdefault(name, []).append(time.perf_counter() - start)
        assert all(each == found[0] for each in found), "the ways found different films"
    milliseconds = {name: 1e3 * statistics.median(taken) for name, taken in seconds.items()}
    table: list[dict[str, Any]] = [
        {
            "way": name, "median ms": value, "slowest ms": 1e3 * max(seconds[name]),
            "times ours": value / milliseconds["ours"],
        }
        for name, value in milliseconds.items()
    ]  # fmt: skip
    publish(
        "recommendation",
        f"The {SHOWN} best of {args.items:,} films for a user",
        {
            "ours": milliseconds["ours"], "peer": milliseconds["torch.topk"], "unit": "ms", "seeds": [0],
            "ratio": milliseconds["torch.topk"] / milliseconds["ours"],
        },
        table,
        [
            f"Points of {SIZE} float32; {args.queries} users, one after the other; the product is inside the clock.",
            "All ways find the same films in the same order, for every user.",
            "One thread.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
