"""What do the faults of the notes do to learning? Each faulty update beside the right one, on the same seeds.

The right update is Palestra's own. The faulty one is what the notes write, put in its place and nowhere else: a
subclass that overrides one method, or one function exchanged for another. ``docs/errata.md`` explains each.
"""

import argparse
import time
from importlib import import_module

import torch

from faults.fault import FAULTS
from palestra.pictures.numbers import number
from report import publish

FILES = ("bandits", "planning", "tabular", "dqn", "policy_gradients", "trust_regions", "continuous")
"""Of ``faults``, in the order of the notes; each registers its faults in FAULTS."""


def shown(values: list[float]) -> str:
    """The mean, and where seeds differ the lowest and highest."""
    mean, low, high = (number(value) for value in (sum(values) / len(values), min(values), max(values)))
    return mean if low == high else f"{mean} [{low}, {high}]"


def main() -> None:
    """Measure every fault, or those named."""
    for name in FILES:
        import_module(f"faults.{name}")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[f.name for f in FAULTS])
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table, began = [], time.perf_counter()
    for f in [f for f in FAULTS if f.name in args.names]:
        start = time.process_time()
        right, faulty = ([f.figure(seed, wrong) for seed in range(f.seeds)] for wrong in (False, True))
        table.append({
            "fault": f.name, "measured": f.measured, "right": shown(right), "faulty": shown(faulty), "seeds": f.seeds,
        })  # fmt: skip
        print(table[-1], f"{time.process_time() - start:.1f} s of CPU", flush=True)
    if len(table) < len(FAULTS):
        return
    differing = sum(row["right"] != row["faulty"] for row in table)
    publish(
        "errata",
        "What the faults of the notes do to learning",
        {
            "ours": differing,
            "peer": len(table),
            "ratio": differing / len(table),
            "unit": "figures that are not the same to the last digit, of all",
            "seconds": time.perf_counter() - began,
            "seeds": list(range(max(f.seeds for f in FAULTS))),
        },
        table,
        [
            "right: our own update; faulty: the same with the fault put in. Mean [lowest, highest] of the seeds.",
            "Microseconds are those of the quickest of many calls, and of no other machine.",
            "`mean-of-mean` and `temperature-detached` look like faults and are none: the figures agree.",
        ],
    )


if __name__ == "__main__":
    main()
