"""How long does an epoch of LeNet take, from images on a disk's bytes to gradients? And what loads them alone?

Against the ``DataLoader`` and transforms of every tutorial, and against the best that PyTorch alone does in memory. The
network, the optimizer and the batches are the same on all sides; whole epochs of each side take turns.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import palestra
from loops import labels
from report import publish
from roofline import matrix_flops

SIDES: dict[str, Callable[[np.ndarray, np.ndarray], labels.Side]] = {
    "DataLoader": lambda images, kinds: labels.usual(images, kinds, 0),
    "DataLoader, a worker beside it": lambda images, kinds: labels.usual(images, kinds, 1),
    "PyTorch in memory": lambda images, kinds: labels.in_memory(images, kinds, False),
    "PyTorch in memory, channels last": lambda images, kinds: labels.in_memory(images, kinds, True),
    "ours": labels.ours,
}
FORWARD = {"conv1": 784 * 25 * 6, "conv2": 100 * 150 * 16, "dense": 400 * 120 + 120 * 84 + 84 * 10}
FLOPS = 2 * (3 * sum(FORWARD.values()) - FORWARD["conv1"])
"""Of an image: forward, and backward to parameters and to inputs, of which the image itself needs none."""
SIZES = (1_000, 10_000)
"""Images of smaller epochs, to see how the time grows."""


def seconds(work: Callable[[], Any]) -> float:
    """Of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def timed(images: np.ndarray, kinds: np.ndarray, rounds: int, loading: bool) -> dict[str, float]:
    """Median seconds of an epoch of each side, or of loading it; they take turns, and the first turn doesn't count."""
    made = {name: make(images, kinds) for name, make in SIDES.items()}
    taken: dict[str, list[float]] = {name: [] for name in SIDES}
    for turn in range(rounds + 1):
        for name, side in made.items():
            each = seconds(side.load if loading else side.epoch)
            if turn or not rounds:
                taken[name].append(each)
    return {name: statistics.median(each) for name, each in taken.items()}


def peak(name: str, count: int) -> float:
    """MiB that a process of its own comes to while a side learns an epoch, its worker's counted too."""
    argv = [sys.executable, __file__, "--side", name, "--images", str(count)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["MiB"])


def alone(name: str, images: np.ndarray, kinds: np.ndarray) -> None:
    """One epoch of one side, and what memory this process came to."""
    SIDES[name](images, kinds).epoch()
    kib = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"MiB": kib / 1024}))


def main() -> None:
    """All sides, in one process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", choices=SIDES, help="an epoch of this one alone, for its memory")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    images, kinds = palestra.load_data("fashion-mnist", validation=0)
    assert kinds is not None
    images, kinds = images[: args.images], kinds[: args.images]
    if args.side:
        return alone(args.side, images, kinds)
    most = matrix_flops()
    epochs, loads = (timed(images, kinds, args.rounds, loading) for loading in (False, True))
    grown = {size: timed(images[:size], kinds[:size], args.rounds, False) for size in SIZES if size < args.images}
    usual, ours = epochs["DataLoader"], epochs["ours"]
    best = min(epochs["PyTorch in memory"], epochs["PyTorch in memory, channels last"])
    table = [
        {
            "side": name, "epoch s": epochs[name], "images/s": len(images) / epochs[name],
            "times the usual": usual / epochs[name], "roofline": f"{FLOPS * len(images) / epochs[name] / most:.1%}",
            "loading alone s": loads[name], "times the usual's loading": loads["DataLoader"] / loads[name],
            **{f"{size:,} images s": grown[size][name] for size in grown}, "peak MiB": peak(name, len(images)),
        }
        for name in SIDES
    ]  # fmt: skip
    publish(
        "lenet_epoch",
        f"An epoch of LeNet on {len(images):,} images of Fashion-MNIST",
        {
            "ours": len(images) / ours, "peer": len(images) / usual, "ratio": usual / ours, "unit": "images/s",
            "seeds": [0], "best of PyTorch alone": len(images) / best, "ratio to it": best / ours,
            "loading ratio": loads["DataLoader"] / loads["ours"],
        },
        table,
        [
            f"Ours is {usual / ours:.2f} times as fast as the usual loop, {best / ours:.2f} times as fast as the best "
            f"of PyTorch alone; loading alone {loads['DataLoader'] / loads['ours']:.0f} times as fast.",
            f"Medians of {args.rounds} epochs of each side, which take turns. {args.threads} thread(s); the worker of "
            "the second row is a process beside it.",
            f"Roofline: {FLOPS / 1e6:.2f} MFLOP an image, of the {most / 1e9:.0f} GFLOP/s of a large matrix product.",
            f"Batches of {labels.BATCH}, Nesterov's momentum, ReLU, the largest of each window: the same on all sides.",
        ],
    )  # fmt: skip
    return None


if __name__ == "__main__":
    main()
