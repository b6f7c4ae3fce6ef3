"""Does this source train as an earlier commit did? Both sides on the same machine, in the same run.

Every registered learner takes a few steps in every kind of world that it serves, and again with the settings that lead
through other lines (``sameness/cases.py``). Compared are the metrics of each step, evaluations in the training backend
and in the reference, actions, and everything learned: parameters, tables, counts. Bits depend on the processor, so no
result is recorded to be compared with later; the earlier commit's source is unpacked and run anew. What differs has to
stand in ``EXPECTED`` with its reason, or the exit status is 1.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from report import publish
from sameness.comparison import VERDICTS, Comparison, Verdict, compare

ROOT = Path(__file__).resolve().parents[1]
SIDE = Path(__file__).with_name("sameness") / "side.py"
BEFORE = "5a08b02"
"""The commit before the house moved."""


class Expected(NamedTuple):
    """A difference that is meant."""

    worst: Verdict
    """No worse than this."""
    reason: str


_TOLD = Expected(
    "differs", "names of settings and fields: encoders for more learners, a claim's count for its episodes"
)
_KEPT = Expected("differs", "unfinished episodes are saved where they stand, no longer moved to the front; Q is equal")
_SEEN = Expected("differs", "mended: images were flattened without a word; now an encoder that learns sees them")
_SOFTWARE = Expected("differs", "mended: bfloat16 on a processor without it was seven times slower; now it is float32")
_STRETCHED = Expected("differs", "mended: a Box beyond -1 to 1 was never explored; now actions are stretched to it")
_CUT = Expected("differs", "mended: episodes that an evaluation cut are counted, as eval/cut; nothing else differs")
_TO_THE_STEP = Expected("differs", "mended: a table passed its budget by up to num_steps; now it stops at it")

_SOONER = Expected(
    "differs", "meant: fewer random numbers are drawn, in another order; the law of the choices is the same"
)
_ROUNDED = Expected(
    "differs", "meant: UCB's bound is rounded elsewhere; where arms tie to the last digit another is pulled"
)
_WHICH = Expected("differs", "mended: 0 and 1 that say which of some it is were normalised; they stay as they are")

EXPECTED: dict[str, Expected] = {
    "epsilon-greedy, *": _SOONER,
    "thompson, bandit*": _SOONER,
    "ucb, bandit*": _ROUNDED,
    "train bandit/ucb1": _ROUNDED,
    **dict.fromkeys(("ppo, Box*", "a2c, Box*", "trpo, Box*", "vpg, Box*"), _STRETCHED),
    "*, Cliff*": _CUT,
    "*precision=bfloat16*": _SOFTWARE,
    "defaults": _TOLD,
    "recipes": _TOLD,
    "monte-carlo, finite*": _KEPT,
    "train cliff/q-learning": _TO_THE_STEP,
    **dict.fromkeys(("ppo, finite", "a2c, finite", "trpo, finite", "vpg, finite"), _WHICH),
    "vpg, images": _SEEN,
    "vpg, images, Discrete": _SEEN,
    "trpo, images": _SEEN,
    "trpo, images, Discrete": _SEEN,
    "ddpg, images": _SEEN,
    "td3, images": _SEEN,
    "sac, images": _SEEN,
    "dqn, images, Discrete": _SEEN,
    "discrete-sac, images, Discrete": _SEEN,
}
"""By the name of a case, or a pattern of names (``ppo, *``)."""


def expected(case: str) -> Expected | None:
    """The entry of a case, if it has one."""
    return next((entry for pattern, entry in EXPECTED.items() if fnmatch(case, pattern)), None)


def unpack(revision: str, folder: Path) -> Path:
    """The source of a revision, written to a folder; returns what PYTHONPATH needs."""
    git = ["git", "-C", str(ROOT), "archive", "--format=tar", revision, "src"]
    done = subprocess.run(git, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"no source of {revision!r}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def start(source: Path, out: Path, pattern: str) -> subprocess.Popen[bytes]:
    """Run all cases with the Palestra of a source, in a process of its own."""
    out.mkdir()
    env = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, str(SIDE), str(source), str(out), pattern], env=env)


def results(out: Path) -> dict[str, dict[str, Any]]:
    """How each case ended, by its name, with its arrays where it was done."""
    index = json.loads((out / "index.json").read_text())
    return {entry["case"]: {**entry, "file": out / f"{i}.npz"} for i, entry in enumerate(index)}


def arrays(entry: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a case."""
    with np.load(entry["file"]) as file:
        return {name.replace("\\", "/"): file[name] for name in file.files}


def judge(case: str, old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any] | None:
    """The table's line of a case; None where the old side refuses the world, so that there is nothing to compare."""
    if old["status"] == "refused" and not old["named"]:
        return None
    if old["status"] != "done" or new is None or new["status"] != "done":
        ended = "before: " + (old["said"] or "done") + "; now: " + (new["said"] or "done" if new else "no such case")
        found = Comparison("differs", float("inf"), " ".join(ended.replace("|", "or").split()), 0)
    else:
        found = compare(arrays(old), arrays(new))
    entry = expected(case)
    meant = entry is not None and VERDICTS.index(found.verdict) <= VERDICTS.index(entry.worst)
    return {
        "case": case,
        "result": found.verdict,
        "largest difference": "" if found.verdict == "equal" else f"{found.difference:.1e}",
        "where": found.where,
        "numbers": found.numbers,
        "why": entry.reason if meant and entry and found.verdict != "equal" else "",
        "unexpected": found.verdict != "equal" and not meant,
    }


def main() -> int:
    """Run both sides beside each other, compare, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", nargs="?", default=BEFORE, help="the commit to compare with")
    parser.add_argument("--source", type=Path, default=ROOT / "src", help="the folder to compare instead of src/")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="these cases alone ('ppo, *'); writes no table")
    args, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        sources = {"old": unpack(args.revision, base), "new": args.source.resolve()}
        running = [start(source, base / side, args.only) for side, source in sources.items()]
        ended = [process.wait() for process in running]
        if any(ended):
            sys.exit("a side did not come to its end")
        old, new = results(base / "old"), results(base / "new")
        rows = [row for case, entry in old.items() if (row := judge(case, entry, new.get(case)))]
    unexpected = [row for row in rows if row.pop("unexpected")]
    for row in unexpected:
        print("unexpected:", row["case"], row["result"], row["largest difference"], row["where"], sep="  ")
    if not rows:
        sys.exit(f"no case matches {args.only!r}")
    counts = {verdict: sum(row["result"] == verdict for row in rows) for verdict in VERDICTS}
    if args.only != "*":
        print(json.dumps(counts))
        return int(bool(unexpected))
    refused = len(old) - len(rows)
    added = sum(entry["status"] == "done" for case, entry in new.items() if case not in {row["case"] for row in rows})
    publish(
        "same_results",
        f"Does it train as commit {args.revision} did?",
        {
            "ours": counts["equal"], "peer": len(rows), "ratio": counts["equal"] / len(rows),
            "unit": "cases that are bitwise equal, of all", "seeds": [0], "counts": counts, "revision": args.revision,
            "unexpected": len(unexpected), "refused": refused, "added": added,
        },
        rows,
        [
            f"{counts['equal']} of {len(rows)} cases are equal bit for bit, {counts['equal to 1e-5']} to 1e-5, and"
            f" {counts['differs']} differ; {len(unexpected)} of these are not accounted for.",
            "A case is a learner in a world, with settings over the contract tests' small ones. Compared are the"
            " metrics of ten steps, evaluations of three episodes, actions, and all that was learned.",
            "Of `train` it is what is recorded and what loads afterwards; `defaults` and `recipes` are every setting of"
            " every learner and recipe.",
            "A difference is the largest of an array, relative to its largest number; inf if the arrays cannot be"
            " compared, as of another shape. Parameters are found by their values, whatever they are called.",
            f"Learners were tried in {refused} more worlds, which they refused in {args.revision}; {added} of these"
            " are served now.",
        ],
    )  # fmt: skip
    return int(bool(unexpected))


if __name__ == "__main__":
    sys.exit(main())
