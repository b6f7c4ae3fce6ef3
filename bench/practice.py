"""Does what the lessons on rare classes, leaks, transfer and augmentation say hold on other seeds than one?

Each claim is held against ten takings of its lesson, as ``palestra verify`` holds a recipe's against ten trainings.
Thresholds were set on seeds from 100 on.
"""

import argparse
import json
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch

from palestra.pictures.numbers import number
from palestra.trials.lessons.lesson import take
from palestra.trials.verdict import judge
from report import RESULTS, commit, publish

Rows = dict[tuple[str, ...], dict[str, float]]
"""Of a lesson: the words at the head of a row, to its figures by column."""


class Claim(NamedTuple):
    """What a lesson promises of a figure."""

    lesson: str
    said: str
    figure: Callable[[Rows], float]
    threshold: float
    direction: Literal["up", "down"] = "up"


def _cost(rule: str, over: str = "the truth") -> Callable[[Rows], float]:
    return lambda rows: rows[rule,]["cost of 1,000"] / rows[over,]["cost of 1,000"]


def _leak(name: str, column: str, sees: str = "no") -> Callable[[Rows], float]:
    return lambda rows: rows[name, sees][column]


def _gain(count: int, way: str) -> Callable[[Rows], float]:
    return lambda rows: rows[str(count), way]["gain"]


CLAIMS = (
    Claim("skew", "cost at the threshold that costs least on rows held out, over that of the truth",
          _cost("least cost"), 1.1, "down"),
    Claim("skew", "cost at theory's threshold, over that of the truth", _cost("theory"), 1.1, "down"),
    Claim("skew", "cost at a half, over that of the truth", _cost("p > 1/2"), 1.7),
    Claim("skew", "cost at the largest F1, over that of the truth", _cost("largest F1"), 1.3),
    Claim("skew", "accuracy of an alarm for nobody, less that of the least cost",
          lambda rows: rows["nobody",]["accuracy"] - rows["least cost",]["accuracy"], 0.02),
    Claim("leaks", "accuracy of columns of noise that were chosen before the split, in truth 0.5",
          _leak("columns chosen", "with the leak", "yes"), 0.95),
    Claim("leaks", "how far from 0.5 it is where they are chosen within it",
          lambda rows: abs(rows["columns chosen", "yes"]["without"] - 0.5), 0.05, "down"),
    Claim("leaks", "leak where words become shares of the labels", _leak("words as shares", "leak", "yes"), 0.2),
    Claim("leaks", "leak of gaps filled by the mean of the class", _leak("filled by class", "leak", "yes"), 0.03),
    Claim("leaks", "leak of scaling", lambda rows: abs(rows["scaled", "no"]["leak"]), 0.015, "down"),
    Claim("leaks", "leak of gaps filled by the mean", lambda rows: abs(rows["filled", "no"]["leak"]), 0.015, "down"),
    Claim("transfer", "gain of a frozen network, 2 images a class", _gain(2, "frozen"), 0.05),
    Claim("transfer", "gain of a fine-tuned network, 2 images a class", _gain(2, "fine-tuned"), 0.05),
    Claim("transfer", "gain of a fine-tuned network, 20 images a class", _gain(20, "fine-tuned"), 0.05),
    Claim("transfer", "fine-tuned over frozen, 20 images a class",
          lambda rows: rows["20", "fine-tuned"]["accuracy"] - rows["20", "frozen"]["accuracy"], 0.0),
    Claim("augmentation", "gain of digits that are bent a little, 5 images a class", _gain(5, "bent a little"), 0.005),
    Claim("augmentation", "gain of digits moved by a whole pixel of 8, 10 images a class",
          _gain(10, "moved a pixel"), -0.01, "down"),
    Claim("augmentation", "gain of digits that are mirrored, 5 images a class", _gain(5, "mirrored"), -0.02, "down"),
    Claim("augmentation", "gain or loss under noise, 5 images a class",
          lambda rows: abs(rows["5", "noise"]["gain"]), 0.015, "down"),
    Claim("augmentation", "gain or loss between two of a class, 5 images a class",
          lambda rows: abs(rows["5", "between two"]["gain"]), 0.015, "down"),
)  # fmt: skip


def rows_of(lesson: str, seed: int) -> Rows:
    """The table of a lesson, by the words of its rows."""
    done, found = take(lesson, seed), {}
    for row in done.rows:
        figures = {head: each for head, each in zip(done.columns, row) if isinstance(each, float)}
        found[tuple(each for each in row if isinstance(each, str))] = figures
    return found


def judged(claim: Claim, taken: list[Rows]) -> dict[str, Any]:
    """The row of a claim."""
    values = [claim.figure(rows) for rows in taken]
    found = judge(values, claim.threshold, claim.direction)
    low, high = map(number, found.iqm_interval or (min(values), max(values)))
    middle = number(sum(values) / len(values) if found.iqm is None else found.iqm)
    row = {
        "lesson": claim.lesson, "figure": claim.said,
        "claim": f"{'at least' if claim.direction == 'up' else 'at most'} {claim.threshold:g}",
        "found": f"{middle} [{low}, {high}]", "reached": f"{found.reached} of {len(values)}",
        "verdict": found.verdict or "too few seeds", "commit": commit(),
    }  # fmt: skip
    print(row, flush=True)
    return row


def published() -> dict[str, list[dict[str, Any]]]:
    """The rows that were published last, by their lessons."""
    path, found = RESULTS / "practice.json", {}
    for row in json.loads(path.read_text())["table"] if path.is_file() else []:
        found.setdefault(row["lesson"], []).append(row)
    return found


def main() -> None:
    """Take each lesson on every seed, or those named, and publish them with the rows that there were of the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="lessons; without any, all are taken")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    seeds = range(args.first, args.first + args.seeds)
    lessons = [*dict.fromkeys(claim.lesson for claim in CLAIMS)]
    if unknown := {*args.names} - {*lessons}:
        parser.error(f"no claim is of the lesson {', '.join(sorted(unknown))}")
    rows = published() if args.names else {}
    for lesson in args.names or lessons:
        taken = [rows_of(lesson, seed) for seed in seeds]
        rows[lesson] = [judged(claim, taken) for claim in CLAIMS if claim.lesson == lesson]
    table = [row for lesson in lessons for row in rows.get(lesson, [])]
    held = sum(row["verdict"] == "held" for row in table)
    publish(
        "practice",
        "What the lessons on rare classes, leaks, transfer and augmentation promise",
        {"ours": held, "peer": len(table), "ratio": held / len(table), "unit": "claims that are held, of all",
         "seeds": [*seeds]},
        table,
        [
            "found: interquartile mean of the seeds and its 95% bootstrap interval; the verdict is that of `verify`.",
            "Every figure is from the table of `palestra lesson NAME --seed N`.",
            "One thread.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
