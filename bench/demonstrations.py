"""How many environment steps do demonstrations save where reward is hard to find? On MountainCarContinuous-v0.

Effort costs from the first step on, and all that pays is the goal, which independent random actions hardly ever reach:
whoever has not seen it learns to stand still, for a return of nothing. Demonstrations are ten episodes of a rule that
pushes the way the car rolls (``mountain-car-shown``), or one of them; half of every batch is drawn from them (Ball et
al. 2023). Beside them stand the same agents without, and SAC whose first random actions are held for 20 steps each,
which is what the recipe ``mountain-car-continuous/sac`` does instead.

Counted are the environment steps up to the first evaluation of at least 90. A seed that never comes there has no such
number: it counts as more than its budget.
"""

import argparse
import json
import math
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from palestra.datasets.episodes import write_episodes
from palestra.datasets.mountain_car_shown import make
from palestra.datasets.recorded import load_episodes
from palestra.engine.trainer import Trainer
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import resolve
from report import publish

ENV, DATA = "MountainCarContinuous-v0", "mountain-car-shown"
THRESHOLD, EPISODES, EVERY = 90.0, 20, 1_000
SHARED: dict[str, Any] = {
    "learning_rate": 1e-3, "learning_starts": 1_000, "train_frequency": 4, "gamma": 0.999, "hidden_sizes": [64, 64],
    "buffer_size": 50_000,
}  # fmt: skip
SAC: dict[str, Any] = {**SHARED, "initial_temperature": 0.1}
HELD = {"learning_starts": 8_000, "warmup_hold": 20}
ONE = "one of them"
ARMS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "SAC": ("sac", SAC),
    "SAC, first random actions held": ("sac", {**SAC, **HELD}),
    "SAC + demonstrations": ("sac", {**SAC, "demonstrations": DATA}),
    "SAC + demonstrations, LayerNorm": ("sac", {**SAC, "demonstrations": DATA, "normed_critics": True}),
    "SAC + one demonstration, LayerNorm": ("sac", {**SAC, "demonstrations": ONE, "normed_critics": True}),
    "TD3": ("td3", SHARED),
    "TD3 + demonstrations, LayerNorm": ("td3", {**SHARED, "demonstrations": DATA, "normed_critics": True}),
}


@dataclass(frozen=True)
class Attempt:
    """One training, up to the threshold or to the end of its budget."""

    steps: float
    """Of the environment; infinite where it never came there."""
    best: float
    """Of its evaluations."""
    seconds: float
    """Its own, with evaluations."""


def attempt(learner: str, settings: Mapping[str, Any], seed: int, budget: int) -> Attempt:
    """Train until an evaluation reaches the threshold."""
    recipe = Recipe("demonstrations/bench", "", learner, ENV, budget, num_envs=4, settings=dict(settings))
    watch = {"seed": seed, "target": THRESHOLD, "eval_every": EVERY, "eval_count": EPISODES}
    plan = resolve(recipe, watch)
    agent, start = plan.make_learner(), time.perf_counter()
    try:
        ended = Trainer(agent, plan.training).run()
    finally:
        agent.close()
    best = -math.inf if ended.best_score is None else ended.best_score
    return Attempt(float(ended.steps) if best >= THRESHOLD else math.inf, best, time.perf_counter() - start)


def median_interval(steps: Sequence[float]) -> tuple[float, float, float]:
    """The median of some steps, and an interval that holds the true one with at least 95%, by order alone.

    The number of values below the true median is binomial with 1/2, so the k-th smallest and the k-th largest hold it
    between them but for a chance of 2 P(fewer than k). Infinite ones count as what they are: the largest.
    """
    order, n = sorted(steps), len(steps)
    missed, k = 0.0, 0
    while k < n // 2 and 2 * (missed + math.comb(n, k) / 2**n) <= 0.05:
        missed += math.comb(n, k) / 2**n
        k += 1
    middle = (order[(n - 1) // 2] + order[n // 2]) / 2
    return (middle, order[k - 1], order[n - k]) if k else (middle, 0.0, math.inf)


def said(steps: float, budget: int) -> str:
    """So many, or more than the budget."""
    return f"{steps:,.0f}" if math.isfinite(steps) else f"> {budget:,}"


def line(name: str, attempts: Sequence[Attempt], budget: int) -> dict[str, Any]:
    """Of one arm."""
    middle, low, high = (said(steps, budget) for steps in median_interval([each.steps for each in attempts]))
    there = sum(math.isfinite(each.steps) for each in attempts)
    return {
        "agent": name, "came to 90": f"{there} of {len(attempts)}", "steps, median": middle, "95% from": low,
        "to": high, "each": " ".join(said(each.steps, budget) for each in attempts),
        "s a training": sum(each.seconds for each in attempts) / len(attempts),
    }  # fmt: skip


def kept_in(folder: Path | None, name: str, seed: int, budget: int) -> Path | None:
    """Where an attempt is kept."""
    return folder and folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{seed}-{budget}.json"


def known_or_made(name: str, seed: int, budget: int, folder: Path | None, one: Path) -> Attempt:
    """An attempt as it was kept, or made now."""
    path = kept_in(folder, name, seed, budget)
    if path is not None and path.is_file():
        return Attempt(**json.loads(path.read_text()))
    learner, settings = ARMS[name]
    given = {key: str(one) if value == ONE else value for key, value in settings.items()}
    found = attempt(learner, given, seed, budget)
    print(seed, name, found, flush=True)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(found)))
    return found


def main() -> None:
    """All agents, seed by seed, so that what comes between concerns all alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first of these seeds")
    parser.add_argument("--budget", type=int, default=20_000)
    parser.add_argument("--agents", nargs="*", default=list(ARMS), help="these alone")
    parser.add_argument("--keep", type=Path, default=None, help="a folder from which to go on where it was stopped")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    found: dict[str, list[Attempt]] = {name: [] for name in args.agents}
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.npz"
        write_episodes(one, make(1))
        seeds = range(args.first, args.first + args.seeds)
        for seed in seeds:
            for name, attempts in found.items():
                attempts.append(known_or_made(name, seed, args.budget, args.keep, one))
    published(found, args.budget, list(seeds))


def published(found: Mapping[str, Sequence[Attempt]], budget: int, seeds: list[int]) -> None:
    """Write a line for each arm, and what they come to."""
    shown = load_episodes(DATA)
    medians = {name: median_interval([each.steps for each in attempts])[0] for name, attempts in found.items()}
    with_them, without = (
        min([float(budget), *(steps for name, steps in medians.items() if ("demonstration" in name) is shown_any)])
        for shown_any in (True, False)
    )
    publish(
        "demonstrations",
        "Environment steps to a policy worth 90 on MountainCarContinuous-v0, with demonstrations and without",
        {
            "ours": with_them, "peer": without, "ratio": without / with_them,
            "unit": "environment steps, median of the best agent; the budget where none came there",
            "seeds": seeds,
        },
        [line(name, attempts, budget) for name, attempts in found.items()],
        [
            f"Demonstrations: {len(shown.ends)} episodes, {len(shown.rewards):,} steps, mean return"
            f" {shown.returns.mean():.1f}; they are not counted as steps. Half of every batch is drawn from them.",
            f"Evaluations: {EPISODES} whole episodes, greedy, every {EVERY:,} steps; a training stops at the first that"
            f" comes to {THRESHOLD:g}. `>` is said of what did not come there in its budget.",
            "Intervals are of the median, by order alone. Agents differ in what their names say; one gradient step for"
            " four environment steps for all. Held actions are those of `mountain-car-continuous/sac`, with its"
            " `learning_starts=8000`; the others begin to learn after 1,000.",
            "Seconds are beside whatever else the machine did: an order of magnitude, no benchmark.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
