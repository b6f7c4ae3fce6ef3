"""Is it faster than the loop a student writes? Beside such loops, clear, correct, and nothing in them slow on purpose.

The loops stand in ``bench/loops/``, in NumPy, PyTorch and Gymnasium alone. Work is equal on both sides: the sizes of
networks, batches, and gradient steps for each step of the environment. What both have learned is measured too.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from typing import Any

import numpy as np
import torch
from torch import nn

from episodes import returns_of
from loops import bandits, dqn, reinforce, tables
from report import publish

EPISODES = 50
STEPS = {"reinforce": 100_000, "dqn": 30_000}


def played(act: Callable[[np.ndarray], int]) -> float:
    """Mean return of a policy over the same episodes of CartPole for everybody."""
    return float(np.mean(returns_of(act, "CartPole-v1", EPISODES, 1_000_000)))


def greedy(network: nn.Module) -> Callable[[np.ndarray], int]:
    """The action of the greatest output."""

    @torch.no_grad()
    def act(observation: np.ndarray) -> int:
        return int(network(torch.as_tensor(observation)).argmax())

    return act


def deep(name: str, question: str, module: Any, seeds: int, steps: int | None) -> Iterator[dict[str, Any]]:
    """A row of a deep agent: whole trainings of either side in turn, seed by seed, what it takes to begin included."""
    number = steps or STEPS[name]
    module.ours(2_048, 0)  # what is imported and compiled once
    speed: dict[str, list[float]] = {"ours": [], "loop": []}
    learned: dict[str, list[float]] = {"ours": [], "loop": []}
    for seed in range(seeds):
        for side, train in (("loop", module.loop), ("ours", module.ours)):
            start = time.perf_counter()
            trained = train(number, seed)
            speed[side].append(number / (time.perf_counter() - start))
            act = greedy(trained) if side == "loop" else lambda seen, agent=trained: int(agent.predict(seen))
            learned[side].append(played(act))
            if side == "ours":
                trained.close()
    ours, loop = (statistics.median(speed[side]) for side in ("ours", "loop"))
    yield {
        "question": f"{question}, {number:,} steps",
        "ours": ours,
        "plain loop": loop,
        "unit": "steps/s",
        "ratio": ours / loop,
        "ours learned": _returns(learned["ours"]),
        "loop learned": _returns(learned["loop"]),
        "seeds": seeds,
    }


def _returns(values: list[float]) -> str:
    return "return " + ", ".join(f"{value:.0f}" for value in values)


def rows(only: str, seeds: int, steps: int | None) -> Iterator[dict[str, Any]]:
    """The rows of all parts whose name fits a pattern, one after another."""
    if fnmatch("bandits", only):
        for policy in bandits.PAIRS:
            yield bandits.row(policy, tuple(range(seeds)), steps or bandits.PULLS)
    if fnmatch("reinforce", only):
        yield from deep("reinforce", "REINFORCE, CartPole-v1", reinforce, seeds, steps)
    if fnmatch("dqn", only):
        yield from deep("dqn", "DQN, CartPole-v1", dqn, seeds, steps)
    if fnmatch("tables", only):
        given = {} if steps is None else {"steps": steps, "seeds": tuple(range(seeds))}
        yield from tables.rows(**given)


def main() -> None:
    """Every pair in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="of bandits, reinforce, dqn and tables, these")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each side")
    parser.add_argument("--steps", type=int, help="environment steps, or pulls, of a training")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table = []
    for row in rows(args.only, args.seeds, args.steps):
        table.append(row)
        print(row, flush=True)
    if not table:
        parser.error(f"--only {args.only!r} fits none of bandits, reinforce, dqn and tables")
    least = min(table, key=lambda row: row["ratio"])
    publish(
        "plain_loops",
        "Is it faster than the loop a student writes?",
        {
            "ours": least["ours"],
            "peer": least["plain loop"],
            "ratio": least["ratio"],
            "unit": least["unit"],
            "seeds": list(range(args.seeds)),
        },
        table,
        [
            f"The least ahead is {least['question']}: {least['ratio']:.1f} times.",
            "Medians over the seeds, one thread; both sides in turn on the same machine.",
            "Bandits: ten Bernoulli arms, one of which pays with 0.9 and nine with 0.6; regret after the last pull.",
            f"REINFORCE: two hidden layers of {reinforce.HIDDEN}, one step of Adam for each {reinforce.BATCH:,} steps, "
            "rewards to go; the loop's batches are whole episodes of one environment, ours 128 steps of 8 copies.",
            f"DQN: two hidden layers of {dqn.HIDDEN}, a batch of {dqn.BATCH} and a step of Adam for each step of the "
            "environment; the loop plays one environment, ours 16 copies, 16 steps of Adam following 16 steps.",
            f"Returns are means of {EPISODES} episodes of the greedy policy at the end of each training.",
        ],
    )


if __name__ == "__main__":
    main()
