"""How long from the start of training to the first evaluation of at least X? LeNet, on a laptop's processor.

Two questions. Of the textbook: what its LeNet comes to in ten epochs (sigmoids, averages, a constant rate of 0.9, as
Dive into Deep Learning trains it), and how soon ours does. And a run against the clock: 0.90 on Fashion-MNIST and 0.99
on MNIST, beside the usual script of ``DataLoader``, transforms and momentum.

Training stops by the 5,000 images that are held out, never by the test set; what the test set says then stands beside.
The clock starts before the network is made, with the data in memory. Ours counts its evaluations; those of the others
are off the clock, since they would be done slowly.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

import palestra
from loops import labels
from palestra.engine.trainer import Trainer
from palestra.measure import Measure
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve
from report import RESULTS, commit, publish

SPEED_RUNS = {"fashion-mnist": ("fashion/lenet-sprint", 0.90), "mnist": ("mnist/lenet-sprint", 0.99)}
"""Data set to recipe and accuracy."""


@dataclass(frozen=True)
class Attempt:
    """One training, up to the accuracy or to its end."""

    seconds: float
    """From its start."""
    epochs: float
    """Passes over the 55,000 images."""
    score: float
    """The best of its evaluations, on the held-out images."""
    test: float
    """Accuracy on the test set, of what it stopped with."""


@dataclass(frozen=True)
class Data:
    """The three parts of a data set, as arrays."""

    train: tuple[np.ndarray, np.ndarray]
    held_out: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, name: str) -> "Data":
        """As ours splits them."""
        return cls(*(palestra.load_data(name, split=split) for split in ("train", "validation", "test")))  # type: ignore[arg-type]


def loop(data: Data, seed: int, epochs: int, make: Callable[[], Any], batch: int, target: float) -> Attempt:
    """The usual script: epochs until one evaluates to the target; the seconds are without the evaluations."""
    torch.manual_seed(seed)
    best, spent, epoch = 0.0, 0.0, 0
    start = time.perf_counter()
    net, optimizer = make()
    loader = DataLoader(labels.Pictures(*data.train), batch, shuffle=True)
    spent += time.perf_counter() - start
    while epoch < epochs and best < target:
        start = time.perf_counter()
        labels.learn(net, optimizer, loader)
        spent += time.perf_counter() - start
        epoch += 1
        best = max(best, labels.accuracy(net, *data.held_out))
    return Attempt(spent, epoch, best, labels.accuracy(net, *data.test))


def textbook() -> tuple[nn.Module, torch.optim.Optimizer]:
    """LeNet with sigmoids, as Dive into Deep Learning makes and trains it."""
    net = labels.lenet(nn.Sigmoid, nn.AvgPool2d)
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(layer.weight)
    return net, torch.optim.SGD(net.parameters(), lr=0.9)


def usual() -> tuple[nn.Module, torch.optim.Optimizer]:
    """Our sprint's network and momentum, at a constant rate."""
    net = labels.lenet()
    return net, labels.descent(net)


def ours(recipe: str, seed: int, target: float) -> Attempt:
    """A sprint, which stops at the accuracy; its evaluations are on the clock."""
    plan = resolve(get_recipe(recipe), {"seed": seed, "target": target})
    start = time.perf_counter()
    learner = plan.make_learner()
    result = Trainer(learner, plan.training).run()
    seconds = time.perf_counter() - start
    size = len(learner.train.inputs)  # type: ignore[attr-defined]
    test = learner.measured(Measure(0, "test")).score
    return Attempt(seconds, result.steps / size, result.best_score or 0.0, test)


class Pair(NamedTuple):
    """Both sides' attempts at one accuracy."""

    target: float
    """The accuracy."""
    ours: Attempt
    """Of a sprint."""
    theirs: Attempt | None
    """Of the usual script, or of the textbook's; none where that was not asked again."""

    def row(self, question: str, seed: int) -> dict[str, Any]:
        """Of the table."""
        mine, theirs = self.ours, self.theirs
        return {
            "question": question, "seed": seed, "accuracy": f"{self.target:.4f}", "ours s": self.cell(mine),
            "epochs": f"{mine.epochs:.2f}", "ours on test": f"{mine.test:.4f}",
            "theirs s": self.cell(theirs) if theirs else "-", "their epochs": f"{theirs.epochs:g}" if theirs else "-",
            "theirs on test": f"{theirs.test:.4f}" if theirs else "-",
        }  # fmt: skip

    def cell(self, attempt: Attempt) -> str:
        """Its seconds, as ``> 40`` where it did not come so far."""
        return f"{'' if attempt.score >= self.target else '> '}{attempt.seconds:.3g}"


def spoken(pairs: Sequence[Pair]) -> str:
    """``ours 9.21 s in the median (10 of 10 reach it), theirs 96.0 s (3 of 3 reach it): 10.4 times ahead``."""
    sides = [[(pair.ours, pair.target) for pair in pairs], [(p.theirs, p.target) for p in pairs if p.theirs]]
    ours, theirs = (
        f"{median([attempt for attempt, _ in side]):.3g} s in the median "
        f"({sum(attempt.score >= target for attempt, target in side)} of {len(side)} reach it)"
        for side in sides
    )
    ahead = ratio(pairs)
    return f"ours {ours}, theirs {theirs}: " + (
        f"{ahead:.1f} times ahead" if ahead else "no ratio, since ours does not"
    )


def median(attempts: Sequence[Attempt]) -> float:
    """Of the seconds of all."""
    return statistics.median(attempt.seconds for attempt in attempts)


def ratio(pairs: Sequence[Pair]) -> float | None:
    """Of the medians; none where half of ours or more never come so far, whose seconds are then no time to anything."""
    if 2 * sum(pair.ours.score >= pair.target for pair in pairs) <= len(pairs):
        return None
    return median([pair.theirs for pair in pairs if pair.theirs]) / median([pair.ours for pair in pairs])


def attempts(args: argparse.Namespace) -> Iterator[tuple[str, str, Pair]]:
    """Data, question and pair: whole trainings that take turns."""
    for name in args.data:
        recipe, target = SPEED_RUNS[name]
        data = Data.of(name)
        ours(recipe, 1_000, 0.1)  # what is imported and fetched once
        if name == "fashion-mnist":
            for seed in range(args.textbook_seeds):
                theirs = loop(data, seed, args.textbook_epochs, textbook, 256, 2.0)
                mine = ours(recipe, seed, theirs.score)
                yield (
                    name,
                    f"the textbook's LeNet after {args.textbook_epochs} epochs",
                    Pair(theirs.score, mine, theirs),
                )
        for seed in range(args.seeds):
            mine, again = ours(recipe, seed, target), seed < args.their_seeds
            theirs = loop(data, seed, args.longest, usual, 128, target) if again else None
            yield name, f"{name} {target:g}", Pair(target, mine, theirs)


def before(names: Sequence[str]) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """What was published of the questions that are not asked again: of each ratio and sentence, and the rows of all."""
    path = RESULTS / "time_to_accuracy.json"
    published = json.loads(path.read_text()) if path.exists() else {"questions": {}, "table": []}
    kept = {question: each for question, each in published["questions"].items() if each["data"] not in names}
    return kept, [row for row in published["table"] if row["question"] in kept]


def main() -> None:
    """Both sides, seed by seed, in one process; what is not asked again stays in the table as it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=SPEED_RUNS, default=list(SPEED_RUNS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--their-seeds", type=int, default=3, help="how many of them the usual script is given")
    parser.add_argument("--textbook-seeds", type=int, default=3)
    parser.add_argument("--textbook-epochs", type=int, default=10)
    parser.add_argument("--longest", type=int, default=20, help="epochs after which the usual script gives up")
    parser.add_argument("--threads", type=int, default=1)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    found: dict[tuple[str, str], list[Pair]] = {}
    for data, question, pair in attempts(args):
        found.setdefault((data, question), []).append(pair)
        print(question, pair, flush=True)
    kept, rows = before(args.data)
    questions = kept | {
        question: {
            "data": data, "ratio": ratio(pairs),
            "said": f"{question}: {spoken(pairs)} ({date.today()}, {commit()}).",
        }
        for (data, question), pairs in found.items()
    }  # fmt: skip
    publish(
        "time_to_accuracy",
        "Seconds from the start of training to the first evaluation of at least X",
        {
            "ratio": min((each["ratio"] for each in questions.values() if each["ratio"]), default=None),
            "unit": "s, median", "seeds": list(range(args.seeds)), "questions": questions,
        },
        rows + [pair.row(question, seed) for (_, question), pairs in found.items() for seed, pair in enumerate(pairs)],
        [
            *(each["said"] for each in questions.values()),
            f"A training that never comes so far counts with all its seconds, marked `>`: {args.longest} epochs of "
            "theirs, the budget of ours.",
            "It stops by 5,000 held-out images; the test set is looked at once, after the clock.",
            f"{args.threads} thread(s) on both sides.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
