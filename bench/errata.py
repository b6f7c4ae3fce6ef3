"""What do the faults of the notes do to learning? Each faulty update beside the right one, on the same seeds.

The right update is Palestra's own. The faulty one is what the notes write, put in its place and nowhere else: a
subclass that overrides one method, or one function exchanged for another. ``docs/errata.md`` explains each.
"""

import argparse
import json
import time
from datetime import date
from importlib import import_module
from typing import Any

import torch

from faults.fault import FAULTS, Fault
from palestra.pictures.numbers import number
from report import RESULTS, commit, machine, publish

FILES = (
    "bandits", "planning", "tabular", "dqn", "policy_gradients", "trust_regions", "continuous", "regression",
    "classification", "practice", "structure", "kinematics",
)  # fmt: skip
"""Of ``faults``, in the order of the notes; each registers its faults in FAULTS."""


def shown(values: list[float]) -> str:
    """The mean, and where seeds differ the lowest and highest."""
    mean, low, high = (number(value) for value in (sum(values) / len(values), min(values), max(values)))
    return mean if low == high else f"{mean} [{low}, {high}]"


def measured(f: Fault) -> dict[str, Any]:
    """The row of a fault."""
    start = time.process_time()
    right, faulty = (shown([f.figure(seed, wrong) for seed in range(f.seeds)]) for wrong in (False, True))
    row = {"fault": f.name, "measured": f.measured, "right": right, "faulty": faulty, "seeds": f.seeds}
    print(row, f"{time.process_time() - start:.1f} s of CPU", flush=True)
    return row | {"commit": commit()}


def published() -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows that were published last, by their faults, and the facts about each commit that they come from."""
    path = RESULTS / "errata.json"
    found = json.loads(path.read_text()) if path.is_file() else {"table": [], "measured_at": {}}
    return {row["fault"]: row for row in found["table"]}, found["measured_at"]


def main() -> None:
    """Measure every fault; or those named, and publish them with the rows that were published of the others."""
    for name in FILES:
        import_module(f"faults.{name}")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="faults, or files of `faults`; without any, all are measured")
    names = {*parser.parse_known_args()[0].names}
    if unknown := names - {word for f in FAULTS for word in (f.name, f.file)}:
        parser.error(f"no fault or file of them is called {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    began = time.perf_counter()
    rows, facts = published() if names else ({}, {})
    today = {"date": date.today().isoformat(), **machine()}
    if facts.setdefault(commit(), today) != today:
        parser.error(f"other figures of commit {commit()} are of another day or machine; measure all, or commit first")
    rows |= {f.name: measured(f) for f in FAULTS if not names or names & {f.name, f.file}}
    if missing := [f.name for f in FAULTS if f.name not in rows]:
        print(f"nothing is published without a figure of {', '.join(missing)}")
        return
    table = [rows[f.name] for f in FAULTS]
    facts = {at: facts[at] for at in dict.fromkeys(row["commit"] for row in table)}
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
            "measured_at": facts,
        },
        table,
        [
            "right: our own update; faulty: the same with the fault put in. Mean [lowest, highest] of the seeds.",
            "Microseconds are those of the quickest of many calls, and of no other machine.",
            "`mean-of-mean`, `temperature-detached` and `inverse-as-it-comes` look like faults; their figures agree.",
            *(f"Commit {at}: {', '.join(f'{key} {value}' for key, value in facts[at].items())}." for at in facts),
        ],
    )


if __name__ == "__main__":
    main()
