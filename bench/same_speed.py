"""Is this source as fast as an earlier commit? Both sides on the same machine, in the same run, taking turns.

Both sides are alive at once and do the same blocks of work of about half a second, one after the other, never together:
before, now, now, before, and so on. A machine that is shared gets slower and faster by the minute, which both blocks of
such a pair feel alike. With ``--null`` the earlier side runs against itself: what the method takes for a difference.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from report import publish
from same_results import BEFORE, ROOT, unpack
from sameness.pace import WORKLOADS

PACE = Path(__file__).with_name("sameness") / "pace.py"


class Side:
    """One source at work on one workload."""

    def __init__(self, source: Path, workload: str, threads: int) -> None:
        env = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": str(threads)}
        command = [sys.executable, str(PACE), workload, str(threads)]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.said() != "ready":
            sys.exit(f"{workload} of {source} did not start")

    def said(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def block(self) -> float:
        """Seconds of one block."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.said())

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95% bootstrap interval of their median."""
    rng = np.random.default_rng(0)
    low, high = np.quantile(np.median(rng.choice(ratios, (10_000, len(ratios))), axis=1), (0.025, 0.975))
    return float(low), float(high)


def measure(old: Path, new: Path, workload: str, threads: int, pairs: int) -> dict[str, Any]:
    """The table's line of a workload."""
    before = Side(old, workload, threads)
    now = Side(new, workload, threads)
    seconds: dict[Side, list[float]] = {before: [], now: []}
    for i in range(pairs):
        for side in (before, now) if i % 2 == 0 else (now, before):
            seconds[side].append(side.block())
    before.close()
    now.close()
    ratios = [a / b for a, b in zip(seconds[before], seconds[now], strict=True)]
    low, high = interval(ratios)
    return {
        "workload": workload,
        "threads": threads,
        "before, s a block": statistics.median(seconds[before]),
        "now, s a block": statistics.median(seconds[now]),
        "speed, of before": statistics.median(ratios),
        "95%": f"{low:.3f} to {high:.3f}",
        "pairs": pairs,
    }


def main() -> None:
    """Every workload, with one thread and with all cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", nargs="?", default=BEFORE, help="the commit to compare with")
    parser.add_argument("--source", type=Path, default=ROOT / "src", help="the folder to compare instead of src/")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="these workloads alone; writes no table")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--null", action="store_true", help="compare the earlier commit with itself")
    args, _ = parser.parse_known_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        old = unpack(args.revision, Path(folder))
        new = old if args.null else args.source.resolve()
        for workload in [name for name in WORKLOADS if fnmatch(name, args.only)]:
            for threads in args.threads:
                rows.append(measure(old, new, workload, threads, args.pairs))
                print(rows[-1], flush=True)
    if not rows:
        sys.exit(f"no workload matches {args.only!r}; there are: {', '.join(WORKLOADS)}")
    if args.only != "*" or args.null:
        return
    slowest = min(rows, key=lambda row: row["speed, of before"])
    middle = statistics.median(row["speed, of before"] for row in rows)
    publish(
        "same_speed",
        f"Is it as fast as commit {args.revision} was?",
        {"ours": middle, "peer": 1.0, "ratio": middle, "unit": "speed, of the earlier commit's", "seeds": [0]},
        rows,
        [
            f"Median over the workloads {middle:.2f}, the slowest {slowest['speed, of before']:.2f}"
            f" ({slowest['workload']}, {slowest['threads']} thread(s), 95% {slowest['95%']}).",
            "More than 1 is faster than before. A pair is a block of work on each side, one after the other; the"
            " interval is the bootstrap's of the median of the pairs' ratios.",
            "Workloads are those of the benchmarks they are named after; bfloat16 where the processor multiplies it.",
        ],
    )


if __name__ == "__main__":
    main()
