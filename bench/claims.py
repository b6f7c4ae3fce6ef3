"""Do the recipes keep their claims? Every claimed recipe, seed by seed, as a user would train it.

A seed holds if the best policy by the periodic evaluations reaches the threshold on average over the claim's episodes
in Gymnasium's own environment, with seeds that training never used.
"""

import argparse
import sys
import tempfile

import palestra
from palestra.recipes.registry import RECIPES
from report import publish


def main() -> None:
    """Train every claimed recipe (or those named) on every seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=[r.id for r in RECIPES.values() if r.claim])
    parser.add_argument("--seeds", type=int, default=10)
    args, _ = parser.parse_known_args()
    table = []
    for recipe in args.recipes:
        for seed in range(args.seeds):
            with tempfile.TemporaryDirectory() as out:
                trained = palestra.train(recipe, seed=seed, out=out)
            claim = trained.claim or {}
            row = {"recipe": recipe, "seed": seed, "steps": trained.steps, "seconds": trained.seconds}
            last = trained.metrics["eval/return_mean"]
            row |= {"claim": claim["threshold"], "value": claim["value"], "last policy": last, "held": claim["reached"]}
            table.append(row)
            print(row, flush=True)
    notes = []
    for recipe in args.recipes:
        rows = [row for row in table if row["recipe"] == recipe]
        held = sum(row["held"] for row in rows)
        notes.append(f"`{recipe}`: held on {held} of {len(rows)} seeds.")
    notes.append("value: mean over 100 episodes of the best policy; last policy: mean of the last periodic evaluation.")
    held = sum(row["held"] for row in table)
    publish(
        "claims",
        "The claims, seed by seed",
        {
            "ours": held,
            "peer": len(table),
            "ratio": held / len(table),
            "unit": "seeds",
            "seeds": list(range(args.seeds)),
        },
        table,
        notes,
    )
    sys.exit(held < len(table))


if __name__ == "__main__":
    main()
