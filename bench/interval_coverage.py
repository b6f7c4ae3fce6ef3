"""How often do the intervals of ``palestra verify`` and ``compare`` contain the truth, and the verdicts err?

Scores are drawn from distributions whose truth is known: a bell, a long tail to the left (most seeds good, some bad),
a task with a ceiling (CartPole's 500), and two clusters (learned, or not at all).
"""

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from palestra.ops.evidence import bootstrap_interval, iqm, probability_of_improvement
from palestra.trials.verdict import judge
from report import publish

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "bell": lambda rng, shape: rng.normal(size=shape),
    "left tail": lambda rng, shape: -rng.exponential(size=shape),
    "ceiling": lambda rng, shape: np.minimum(500, rng.normal(490, 30, size=shape)),
    "two clusters": lambda rng, shape: rng.normal(size=shape) + 10 * (rng.random(shape) < 0.8),
}
SEEDS = (5, 10, 20, 40)


def truth(draw: Draw, n: int) -> float:
    """The mean between the same quantiles of the whole distribution as the IQM of n values takes."""
    everything = np.sort(draw(np.random.default_rng(123), (4_000_000,)))
    cut = len(everything) * (n // 4) // n
    return float(everything[cut : len(everything) - cut].mean())


def row(name: str, draw: Draw, n: int, trials: int) -> dict[str, object]:
    """Coverage of the IQM's interval, and how often a winner is named between two samples of one distribution."""
    rng = np.random.default_rng([n, len(name)])
    centre = truth(draw, n)
    covered = named = held = 0
    for i in range(trials):
        x, y = draw(rng, (2, n))
        low, high = bootstrap_interval(iqm, x, seed=i, resamples=2_000)
        covered += bool(low <= centre <= high)
        share = bootstrap_interval(probability_of_improvement, x, y, seed=i, resamples=2_000)
        gap = bootstrap_interval(lambda a, b: iqm(a) - iqm(b), x, y, seed=i, resamples=2_000)
        named += bool((share[0] > 0.5 and gap[0] > 0) or (share[1] < 0.5 and gap[1] < 0))
        held += judge(x.tolist(), centre).verdict == "held"
    return {
        "scores": name,
        "seeds": n,
        "IQM's 95% interval covers": covered / trials,
        "winner between equals": named / trials,
        "held at a threshold that is the true IQM": held / trials,
    }


def main() -> None:
    """Simulate every shape of scores with every number of seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2_000)
    args, _ = parser.parse_known_args()
    table = []
    for name, draw in SHAPES.items():
        for n in SEEDS:
            table.append(row(name, draw, n, args.trials))
            print(table[-1], flush=True)
    coverages = [float(str(line["IQM's 95% interval covers"])) for line in table if line["seeds"] == 10]
    error = (0.95 * 0.05 / args.trials) ** 0.5
    publish(
        "interval_coverage",
        "How often the intervals contain the truth",
        {"ours": min(coverages), "peer": 0.95, "ratio": min(coverages) / 0.95, "unit": "coverage, 10 seeds, worst"},
        table,
        [f"{args.trials:,} trials a line, so that a standard error is about {error:.3f}; 2,000 resamples."],
    )


if __name__ == "__main__":
    main()
