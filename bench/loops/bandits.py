"""Bandits: thousands of them at once in NumPy, as a good student vectorises the loop of course notes."""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.recipes.registry import get_recipe

BANDITS, PULLS = 2_000, 10_000
SEEDS = (0, 1, 2)
MEANS = get_recipe("bandit/ucb1").env_kwargs["means"]

Choose = Callable[[int, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""From the pull, counts (B, A), means (B, A) and a generator to arms (B,)."""


def explore(epsilon: Callable[[int], float]) -> Choose:
    """Epsilon-greedy."""

    def choose(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        arm, explores = mean.argmax(1), rng.random(len(mean)) < epsilon(t)
        arm[explores] = rng.integers(mean.shape[1], size=explores.sum())
        return arm

    return choose


def bound(power: float) -> Choose:
    """UCB."""

    def choose(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if t <= mean.shape[1]:
            return np.full(len(mean), t - 1)
        return (mean + np.sqrt(power * math.log(t) / 2 / count)).argmax(1)

    return choose


def thompson(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Beta-Bernoulli Thompson sampling."""
    wins = mean * count
    return rng.beta(1 + wins, 1 + count - wins).argmax(1)


def play(choose: Choose, seed: int, bandits: int = BANDITS, pulls: int = PULLS) -> float:
    """All bandits for all pulls; the mean regret."""
    rng = np.random.default_rng(seed)
    probability = rng.permuted(np.tile(MEANS, (bandits, 1)), axis=1)
    count, mean = np.zeros_like(probability), np.ones_like(probability)
    first, best, regret = np.arange(bandits) * len(MEANS), probability.max(1), np.zeros(bandits)
    for t in range(1, pulls + 1):
        place = first + choose(t, count, mean, rng)
        chance = probability.ravel()[place]
        reward = rng.random(bandits) < chance
        count.ravel()[place] += 1
        mean.ravel()[place] += (reward - mean.ravel()[place]) / count.ravel()[place]
        regret += best - chance
    return float(regret.mean())


def ours(learner_name: str, settings: dict[str, Any], seed: int, bandits: int = BANDITS, pulls: int = PULLS) -> float:
    """The same by our learner."""
    cls = learner_type(learner_name)
    world = World("bandit/bernoulli", bandits, kwargs={"means": MEANS})
    learner: Any = cls(world, cls.config_type(**settings), seed=seed, device="cpu")
    learner.learn(pulls)
    return float(learner.regret_B.mean())


PAIRS: dict[str, tuple[str, dict[str, Any], Choose]] = {
    "epsilon-greedy": ("epsilon-greedy", {}, explore(lambda t: 0.1)),
    "UCB1": ("ucb", {"power": 4.0}, bound(4.0)),
    "Thompson": ("thompson", {}, thompson),
}


def row(policy: str, seeds: tuple[int, ...] = SEEDS, pulls: int = PULLS) -> dict[str, Any]:
    """Both sides in turn, seed by seed; of the loop and of ours the regret."""
    learner_name, settings, choose = PAIRS[policy]
    ours(learner_name, settings, 0, pulls=100)  # what is imported once
    seconds: dict[str, list[float]] = {"ours": [], "loop": []}
    regret: dict[str, list[float]] = {"ours": [], "loop": []}
    for seed in seeds:
        for side in ("loop", "ours"):
            start = time.perf_counter()
            lost = (
                play(choose, seed, pulls=pulls) if side == "loop" else ours(learner_name, settings, seed, pulls=pulls)
            )
            seconds[side].append(time.perf_counter() - start)
            regret[side].append(lost)
    speed = {side: BANDITS * pulls / statistics.median(taken) for side, taken in seconds.items()}
    return {
        "question": f"{policy}, {BANDITS:,} bandits",
        "ours": speed["ours"],
        "plain loop": speed["loop"],
        "unit": "pulls/s",
        "ratio": speed["ours"] / speed["loop"],
        "ours learned": f"regret {np.mean(regret['ours']):.1f}",
        "loop learned": f"regret {np.mean(regret['loop']):.1f}",
        "seeds": len(seeds),
    }
