"""What does a second process bring to one training, and how many would still bring something?

Each piece of work is timed alone, alone on half of every batch, and over two ranks; the three take turns. The first
two say what shrinks with the share and what does not; timed sums of vectors, what one call and one byte cost.
That is the model on paper, which is held against what two ranks did, and says where more of them stop paying:

    T(n) = fixed + shared / n + calls (n - 1) latency + bytes 2 (n - 1) / n / bandwidth
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from palestra.datasets.dataset import InMemory, Split
from palestra.datasets.stand_ins import made_images
from palestra.engine.device import keep_memory
from palestra.engine.joined import Joined, meeting
from palestra.engine.ranks import ALONE, Ranks
from palestra.envs.world import World
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from report import publish

IMAGES = 4_096
MOST = 1_024
"""Ranks that the model is asked about."""
SMALL, LARGE = 1_000, 4_000_000
"""Numbers of the vectors whose sums are timed: the first costs a call, the second its bytes."""


class Counted(Joined):
    """Ranks that count what they say to each other while gradients are made."""

    calls, bytes = 0, 0

    def add_up_(self, gradient: Tensor) -> None:
        """The sum, counted."""
        self._count(gradient)
        super().add_up_(gradient)

    def whole(self, rows: Tensor) -> Tensor:
        """All rows, counted."""
        self._count(rows)
        return super().whole(rows)

    def mean(self, value: Tensor) -> Tensor:
        """The mean, counted."""
        self._count(value)
        return super().mean(value)

    def _count(self, said: Tensor) -> None:
        self.calls += 1
        self.bytes += said.numel() * said.element_size()


@dataclass(frozen=True)
class Timed:
    """What a step of a learner came to."""

    seconds: float
    calls: int = 0
    bytes: int = 0


Make = Callable[[int, Ranks], Any]
"""Makes a learner, of one of so many equal parts of the work, for one of the ranks that share it."""


def classifier(net: str, batch: int, **settings: Any) -> Make:
    """A network on made images."""

    def make(parts: int, ranks: Ranks) -> ImageClassifier:
        images, kinds = made_images((28, 28), 10, IMAGES, 0, split="train")
        data = InMemory({"train": Split(torch.from_numpy(images), torch.from_numpy(kinds).long())})
        config = ImageClassifierConfig(net=net, net_settings=settings, batch_size=batch // parts, batches_per_step=4)
        return joined(ImageClassifier(data, config, seed=0), ranks)

    return make


def ppo(copies: int, minibatch: int) -> Make:
    """PPO on CartPole: each rank has its share of the copies."""

    def make(parts: int, ranks: Ranks) -> PPO:
        config = PPOConfig(num_steps=32, minibatch_size=minibatch // parts, num_epochs=4)
        return joined(PPO(World("CartPole-v1", copies // parts // ranks.size), config, seed=0), ranks)

    return make


def joined(learner: Any, ranks: Ranks) -> Any:
    """A learner on its rank."""
    if ranks.size > 1:
        learner.join(ranks)
    return learner


WORK: dict[str, Make] = {
    "LeNet, batches of 128": classifier("lenet-relu", 128),
    "LeNet, batches of 1,024": classifier("lenet-relu", 1_024),
    "ResNet of 8 layers, batches of 128": classifier("resnet-20", 128, blocks=[1, 1, 1], channels=[16, 32, 64]),
    "PPO, 8 copies, minibatches of 64": ppo(8, 64),
    "PPO, 1,024 copies, minibatches of 8,192": ppo(1_024, 8_192),
}
"""Name to what makes its learner."""


def step_seconds(learner: Any, steps: int) -> float:
    """Seconds of one step, after one that does not count."""
    learner.step()
    start = time.perf_counter()
    for _ in range(steps):
        learner.step()
    return (time.perf_counter() - start) / steps


def alone(name: str, parts: int, steps: int) -> Callable[[Ranks], Any]:
    """One process, with that part of the work."""
    return lambda ranks: vars(Timed(step_seconds(WORK[name](parts, ALONE), steps)))


def together(name: str, steps: int) -> Callable[[Ranks], Any]:
    """One of several ranks, with its share."""

    def work(ranks: Ranks) -> Any:
        assert isinstance(ranks, Counted)
        taken = step_seconds(WORK[name](1, ranks), steps)
        return vars(Timed(taken, round(ranks.calls / (steps + 1)), round(ranks.bytes / (steps + 1))))

    return work


def sums(numbers: int, rounds: int) -> Callable[[Ranks], Any]:
    """Seconds of adding up a vector over the ranks."""

    def work(ranks: Ranks) -> Any:
        vector = torch.ones(numbers)
        ranks.add_up_(vector)
        start = time.perf_counter()
        for _ in range(rounds):
            vector.fill_(1.0)
            ranks.add_up_(vector)
        return (time.perf_counter() - start) / rounds

    return work


def forked(size: int, work: Callable[[Ranks], Any]) -> Any:
    """What a function gives on rank 0 of so many processes, forked from this one."""
    with tempfile.TemporaryDirectory() as name:
        folder, pids = Path(name), []
        for rank in range(size):
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    ranks = Counted(rank, size, store=meeting(folder / "place", size)) if size > 1 else ALONE
                    found = work(ranks)
                    ranks.part()
                    if rank == 0:
                        (folder / "found").write_text(json.dumps(found))
                    status = 0
                finally:
                    os._exit(status)
            pids.append(pid)
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        if any(ended):
            raise SystemExit(f"ranks ended with {ended}")
        return json.loads((folder / "found").read_text())


@dataclass(frozen=True)
class Paper:
    """The model of one piece of work."""

    fixed: float
    shared: float
    calls: int
    bytes: int
    latency: float
    bandwidth: float

    def seconds(self, ranks: int) -> float:
        """Of a step over so many ranks."""
        talk = self.calls * (ranks - 1) * self.latency + self.bytes * 2 * (ranks - 1) / ranks / self.bandwidth
        return self.fixed + self.shared / ranks + talk

    def gain(self, ranks: int) -> float:
        """How many times as fast as alone."""
        return self.seconds(1) / self.seconds(ranks)

    def best(self) -> int:
        """As many ranks as still bring something."""
        return max((2**k for k in range(int(math.log2(MOST)) + 1)), key=self.gain)


def main() -> None:
    """All pieces of work, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="of each turn")
    parser.add_argument("--work", nargs="*", default=list(WORK), help="some of them, by the beginning of their names")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    keep_memory()  # as a training does
    call = statistics.median(forked(2, sums(SMALL, 200)) for _ in range(args.rounds))
    large = statistics.median(forked(2, sums(LARGE, 5)) for _ in range(args.rounds))
    bandwidth = 4 * (LARGE - SMALL) / (large - call)
    table = []
    for name in WORK:
        if not any(name.startswith(word) for word in args.work):
            continue
        sides = {1: alone(name, 1, args.steps), 2: alone(name, 2, args.steps), 0: together(name, args.steps)}
        taken: dict[int, list[Timed]] = {side: [] for side in sides}
        for _ in range(args.rounds):
            for side, work in sides.items():
                taken[side].append(Timed(**forked(1 if side else 2, work)))
        whole, half, two = (statistics.median(each.seconds for each in taken[side]) for side in (1, 2, 0))
        said = taken[0][0]
        shrinks = max(0.0, 2 * (whole - half))
        paper = Paper(whole - shrinks, shrinks, said.calls, said.bytes, call, bandwidth)
        best = paper.best()
        table.append(
            {
                "work": name,
                "ms a step alone": 1e3 * whole,
                "on half": 1e3 * half,
                "calls": said.calls,
                "KiB": said.bytes / 1024,
                "2 ranks, measured": whole / two,
                "2 ranks, calculated": paper.gain(2),
                "8 ranks, calculated": paper.gain(8),
                "most that pay": best,
                "gain there": paper.gain(best),
            }
        )
    gains = {row["work"]: row["2 ranks, measured"] for row in table}
    publish(
        "data_parallel",
        "One training over several processes",
        {"ours": max(gains.values()), "peer": 1.0, "ratio": max(gains.values()), "unit": "times as fast", "seeds": [0],
         "gains": gains},
        table,
        [
            f"Medians of {args.rounds} turns of {args.steps} steps, one thread a process, gloo on the loopback. A step"
            " is four batches of images, or an iteration of PPO: 32 steps of each copy, four epochs.",
            f"A sum of {SMALL:,} numbers over two ranks took {1e6 * call:.0f} us, and bytes go at"
            f" {bandwidth / 1e9:.2f} GB/s; calls and KiB are of one step.",
            "T(n) = fixed + shared / n + calls (n - 1) latency + bytes 2 (n - 1) / n / bandwidth, a ring. Measured were"
            " one and two processes on one machine; everything beyond is calculated, and as if each rank had a core and"
            " a memory of its own and all were as near as these two.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
