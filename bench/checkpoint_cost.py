"""What does a checkpoint every second cost? PPO and DQN on CartPole, recorded, against no checkpoint at all."""

import argparse
import statistics
import tempfile
import time

import palestra
from report import publish


def rate(recipe: str, budget: int, seed: int, checkpoint_every: float) -> float:
    """Steps a second of a recorded training, checkpoints included."""
    with tempfile.TemporaryDirectory(dir=".") as out:
        start = time.perf_counter()
        trained = palestra.train(
            recipe,
            seed=seed,
            out=out,
            budget=budget,
            eval_every=budget + 1,
            checkpoint_every=checkpoint_every,
            claim=False,
        )
        return trained.steps / (time.perf_counter() - start)


def main() -> None:
    """With and without, in turn, so that a drift of the machine meets both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    args, _ = parser.parse_known_args()
    table = []
    for recipe, budget in (("cartpole/ppo", 200_000), ("cartpole/dqn", 12_000)):
        rate(recipe, budget // 10, 0, 1e9)
        pairs = [(rate(recipe, budget, s, 1.0), rate(recipe, budget, s, 1e9)) for s in range(args.pairs)]
        every, never = (statistics.median(column) for column in zip(*pairs))
        cost = statistics.median(1 - with_it / without for with_it, without in pairs)
        table.append({"recipe": recipe, "every second steps/s": every, "never steps/s": never, "cost %": 100 * cost})
    worst = max(row["cost %"] for row in table)
    publish(
        "checkpoint_cost",
        "Cost of a checkpoint every second",
        {
            "ours": worst, "peer": 3.0, "ratio": worst / 3.0,
            "unit": "% of throughput; the peer is the limit", "seeds": list(range(args.pairs)),
        },
        table,
        [f"Median over {args.pairs} pairs; a checkpoint holds everything, with five fsyncs and SHA-256."],
    )  # fmt: skip


if __name__ == "__main__":
    main()
