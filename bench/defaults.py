"""How well do plain defaults learn, where nobody tuned? Ours beside Stable-Baselines3's, with as many steps.

Ours are what ``palestra train --algo ppo --env-id X`` begins with, theirs ``PPO("MlpPolicy", X)``. The last policy of
each training plays whole episodes greedily, by the same code on either side, in the environment of ``gymnasium.make``.

All of it takes hours, so it is no part of ``make bench``, and is measured in pieces: every training that has ended is
written into ``results/defaults_cells.json`` at once, and what is there is not measured again, unless the settings or
the versions of its side have changed. Stop it whenever you like; the table is made of what there is, and says what is
missing. Returns may be measured side by side (``--jobs``); speed is measured alone, by ``--time``, in short blocks that
take turns.
"""

import argparse
import itertools
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from typing import Any

import torch

from default_cells import (
    EPISODES,
    ROUNDS,
    SIDES,
    SUITES,
    Cell,
    both_origins,
    keep,
    learn,
    load,
    ratio,
    speeds,
    standing,
)
from palestra.ops.statistics import difference_interval
from palestra.pictures.numbers import number
from palestra.runs.provenance import processor
from report import publish


def verdict(ours: Sequence[float], peer: Sequence[float]) -> tuple[float, float, float, str]:
    """Difference of the means over seeds, its 95% interval, and what that is evidence for.

    Better or worse **with evidence**: Welch's interval of the difference lies on one side of zero. Otherwise the means
    are all there is: ahead, behind, or equal.
    """
    as_tensor = [torch.tensor(side, dtype=torch.float64) for side in (ours, peer)]
    difference, low, high = difference_interval(*as_tensor)
    if low > 0.0:
        return difference, low, high, "better, with evidence"
    if high < 0.0:
        return difference, low, high, "worse, with evidence"
    word = "ahead" if difference > 0.0 else "behind" if difference < 0.0 else "equal"
    return difference, low, high, word


def rows(kept: dict[str, Any], seeds: Sequence[int]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """A row of the table for every algorithm and environment, and what it lacks."""
    for algorithm, suite in SUITES.items():
        for env in suite.envs:
            found = {side: [standing(kept, Cell(seed, algorithm, env, side)) for seed in seeds] for side in SIDES}
            missing = [side for side, cells in found.items() for cell in cells if cell is None]
            means = {s: [statistics.mean(cell["returns"]) for cell in found[s] if cell is not None] for s in SIDES}
            row: dict[str, Any] = {"algorithm": algorithm, "environment": env}
            for side in SIDES:
                row[side] = number(statistics.mean(means[side]) if means[side] else None)
                row[f"{side}, by seed"] = ", ".join(map(number, means[side])) or "-"
            difference = interval = word = "-"
            if not missing:
                value, low, high, word = verdict(means["ours"], means["peer"])
                difference, interval = number(value), f"{number(low)} to {number(high)}"
            row |= {"difference": difference, "95% interval": interval, "verdict": word}
            yield {**row, "speed": ratio(kept, algorithm, env)}, missing


def summary(table: Sequence[dict[str, Any]]) -> list[str]:
    """The table in one line for each algorithm."""
    lines = []
    for algorithm, group in itertools.groupby(table, key=lambda row: str(row["algorithm"])):
        of = list(group)
        words = [row["verdict"] for row in of if row["verdict"] != "-"]
        better = sum(word in ("ahead", "better, with evidence") for word in words)
        line = (
            f"{algorithm}: of {len(words)} environments, ours has the higher mean in {better} "
            f"({words.count('better, with evidence')} with evidence), the same in {words.count('equal')}, the lower in "
            f"{len(words) - better - words.count('equal')} ({words.count('worse, with evidence')} with evidence)"
        )
        timed = [row["speed"] for row in of if row["speed"] is not None]
        if timed:
            line += f"; speed from {min(timed):.2f} times the peer's, median {statistics.median(timed):.2f}"
            line += "" if len(timed) == len(of) else f" ({len(timed)} of {len(of)} timed)"
        lines.append(line + ".")
    return lines


def publish_table(kept: dict[str, Any], seeds: Sequence[int]) -> None:
    """Write the table of all that stands."""
    found = list(rows(kept, seeds))
    table = [row for row, _ in found]
    missing = [
        f"{row['algorithm']} {row['environment']} ({', '.join(f'{n} of {side}' for side, n in Counter(lacks).items())})"
        for row, lacks in found
        if lacks
    ]
    words = [str(row["verdict"]) for row in table]
    processors = sorted({cell["cpu"] for cell in kept["cells"].values()})
    timed = [row["speed"] for row in table if row["speed"] is not None]
    publish(
        "defaults",
        "Plain defaults, the last policy: mean return of ours and of Stable-Baselines3's",
        {
            "ours": sum(word in ("ahead", "better, with evidence") for word in words),
            "peer": sum(word in ("behind", "worse, with evidence") for word in words),
            "worse with evidence": words.count("worse, with evidence"),
            "ratio": statistics.median(timed) if timed else None, "unit": "environments with the higher mean",
            "seeds": list(seeds), "missing": len(missing),
        },
        [{**row, "speed": "-" if row["speed"] is None else f"{row['speed']:.2f}"} for row in table],
        [
            *summary(table),
            *(f"NOT measured yet: {'; '.join(missing)}." for _ in missing[:1]),
            f"Steps: {', '.join(f'{name} {suite.steps:,}' for name, suite in SUITES.items())}; the mean of "
            f"{EPISODES} greedy episodes for each seed.",
            "With evidence: Welch's 95% interval of the difference between the means over seeds excludes zero. With "
            "three seeds a side only large differences are evidence.",
            f"Speed: steps a second of ours over the peer's, one thread each, the median of {ROUNDS} pairs of blocks "
            "that take turns, alone on the machine.",
            f"Trained on {'; '.join(processors) or 'nothing yet'}.",
        ],
    )  # fmt: skip


def main() -> None:
    """Measure what is asked for and not there yet, and publish what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--algo", default="*", help="pattern of algorithms, such as ppo")
    parser.add_argument("--env", default="*", help="pattern of environments, such as '*Walker*'")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--side", choices=[*SIDES, "both"], default="both")
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side; 0 to measure none")
    parser.add_argument("--time", action="store_true", help="measure speed, not returns; on a quiet machine")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    chosen = [(a, e) for a, s in SUITES.items() for e in s.envs if fnmatch(a, args.algo) and fnmatch(e, args.env)]
    kept = load()
    if args.time:
        for algorithm, env in chosen:
            if ratio(kept, algorithm, env) is None:
                found = {"origins": both_origins(algorithm, env), **speeds(algorithm, env), "cpu": processor()}
                keep(kept, "speeds", f"{algorithm} {env}", found)
                print(f"{algorithm} {env}: {ratio(kept, algorithm, env):.2f} times as fast", flush=True)
    elif args.jobs:
        sides = SIDES if args.side == "both" else (args.side,)
        cells = sorted(Cell(seed, *which, side) for seed in range(args.seeds) for which in chosen for side in sides)
        learn([cell for cell in cells if standing(kept, cell) is None], kept, args.jobs)
    publish_table(kept, range(args.seeds))


if __name__ == "__main__":
    main()
