"""How long do 2,000 ten-armed bandits take for 10,000 pulls each? Against the loop that course notes show, and NumPy.

The loop plays one bandit at a time and one pull at a time in NumPy. It plays a few; the time of all is extrapolated.
Vectorised, as a good student does it, NumPy plays all bandits at once (``loops/bandits.py``).
Draws the regret of every policy, on the same arms, into docs/images/regret.png.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from loops import bandits as vectorised
from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.pictures.regret import Regret, RegretCurve, draw_regret
from palestra.recipes.registry import get_recipe
from report import publish

BANDITS, PULLS = 2_000, 10_000
MEANS = get_recipe("bandit/ucb1").env_kwargs["means"]
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "regret.png"

POLICIES: dict[str, tuple[str, dict[str, Any]]] = {
    "epsilon = 0.1": ("epsilon-greedy", {}),
    "epsilon = 50 / t": ("epsilon-greedy", {"schedule": "inverse", "epsilon": 50.0}),
    "UCB, p = 1 / t": ("ucb", {"power": 1.0}),
    "UCB1": ("ucb", {"power": 4.0}),
    "Thompson": ("thompson", {}),
    "gradient bandit": ("gradient-bandit", {"step_size": 0.4}),
}

Choose = Callable[[int, np.ndarray, np.ndarray, np.random.Generator], int]


def ours(name: str) -> tuple[float, RegretCurve, float]:
    """Seconds, the regret curve, and C of the Lai-Robbins bound."""
    learner_name, settings = POLICIES[name]
    cls = learner_type(learner_name)
    env = World("bandit/bernoulli", BANDITS, kwargs={"means": MEANS})
    cls(env, cls.config_type(**settings), device="cpu").step()  # warm up
    learner = cls(env, cls.config_type(**settings), seed=0, device="cpu")
    start = time.perf_counter()
    learner.learn(PULLS)
    return time.perf_counter() - start, learner.curve(name), learner.lai_robbins()


def explore(epsilon: Callable[[int], float]) -> Choose:
    """Epsilon-greedy."""

    def choose(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> int:
        return int(rng.integers(len(mean))) if rng.random() < epsilon(t) else int(np.argmax(mean))

    return choose


def bound(power: float) -> Choose:
    """UCB."""

    def choose(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> int:
        return t - 1 if t <= len(mean) else int(np.argmax(mean + np.sqrt(power * math.log(t) / (2 * count))))

    return choose


def thompson(t: int, count: np.ndarray, mean: np.ndarray, rng: np.random.Generator) -> int:
    """Beta-Bernoulli Thompson sampling."""
    wins = mean * count
    return int(np.argmax(rng.beta(1 + wins, 1 + count - wins)))


LOOPS: dict[str, Choose] = {
    "epsilon = 0.1": explore(lambda t: 0.1),
    "epsilon = 50 / t": explore(lambda t: 50 / t),
    "UCB, p = 1 / t": bound(1.0),
    "UCB1": bound(4.0),
    "Thompson": thompson,
}


VECTORISED: dict[str, vectorised.Choose] = {
    "epsilon = 0.1": vectorised.explore(lambda t: 0.1),
    "epsilon = 50 / t": vectorised.explore(lambda t: 50 / t),
    "UCB, p = 1 / t": vectorised.bound(1.0),
    "UCB1": vectorised.bound(4.0),
    "Thompson": vectorised.thompson,
}


def value_loop(choose: Choose, seed: int) -> float:
    """Play one bandit for PULLS pulls as the notes do; its regret."""
    rng = np.random.default_rng(seed)
    probability = rng.permutation(MEANS)
    count, mean = np.zeros(len(MEANS)), np.ones(len(MEANS))
    regret = 0.0
    for t in range(1, PULLS + 1):
        arm = choose(t, count, mean, rng)
        reward = 1 if rng.random() < probability[arm] else 0
        count[arm] += 1
        mean[arm] += (reward - mean[arm]) / count[arm]
        regret += probability.max() - probability[arm]
    return regret


def gradient_loop(seed: int) -> float:
    """The same for the gradient bandit."""
    rng = np.random.default_rng(seed)
    probability = rng.permutation(MEANS)
    preference, baseline, regret = np.zeros(len(MEANS)), 0.0, 0.0
    for t in range(1, PULLS + 1):
        policy = np.exp(preference - preference.max())
        policy /= policy.sum()
        arm = rng.choice(len(MEANS), p=policy)
        reward = 1.0 if rng.random() < probability[arm] else 0.0
        advantage = 0.0 if t == 1 else reward - baseline
        baseline += (reward - baseline) / t
        preference -= 0.4 * advantage * policy
        preference[arm] += 0.4 * advantage
        regret += probability.max() - probability[arm]
    return regret


def peer(name: str, bandits: int) -> tuple[float, float]:
    """Seconds for all bandits, extrapolated from a few, and the mean regret of those."""
    loop = (lambda seed: value_loop(LOOPS[name], seed)) if name in LOOPS else gradient_loop
    start = time.perf_counter()
    regrets = [loop(seed) for seed in range(bandits)]
    return (time.perf_counter() - start) / bandits * BANDITS, float(np.mean(regrets))


def gradient_at_once(seed: int) -> float:
    """The gradient bandit for all bandits at once; the mean regret."""
    rng = np.random.default_rng(seed)
    probability = rng.permuted(np.tile(MEANS, (BANDITS, 1)), axis=1)
    preference, baseline, regret = np.zeros_like(probability), np.zeros(BANDITS), np.zeros(BANDITS)
    rows = np.arange(BANDITS)
    for t in range(1, PULLS + 1):
        policy = np.exp(preference - preference.max(1, keepdims=True))
        policy /= policy.sum(1, keepdims=True)
        arm = (policy.cumsum(1)[:, :-1] <= rng.random((BANDITS, 1))).sum(1)
        chance = probability[rows, arm]
        reward = rng.random(BANDITS) < chance
        advantage = np.zeros(BANDITS) if t == 1 else reward - baseline
        baseline += (reward - baseline) / t
        preference -= 0.4 * advantage[:, None] * policy
        preference[rows, arm] += 0.4 * advantage
        regret += probability.max(1) - chance
    return float(regret.mean())


def at_once(name: str) -> tuple[float, float]:
    """Seconds of vectorised NumPy, and the mean regret."""
    start = time.perf_counter()
    regret = vectorised.play(VECTORISED[name], 0, BANDITS, PULLS) if name in VECTORISED else gradient_at_once(0)
    return time.perf_counter() - start, regret


def main() -> None:
    """Every policy, ours and by the loop, in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="times that ours is timed")
    parser.add_argument("--loop-bandits", type=int, default=20, help="bandits that the loop plays")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table, curves = [], []
    for name in POLICIES:
        runs, peers = zip(*((ours(name), at_once(name)) for _ in range(args.repeats)), strict=True)
        seconds, numpy_seconds = (statistics.median(run[0] for run in side) for side in (runs, peers))
        _, curve, lai_robbins = runs[0]
        loop_seconds, loop_regret = peer(name, args.loop_bandits)
        curves.append(curve)
        row = {"policy": name, "Palestra, s": seconds, "NumPy, s": numpy_seconds, "ratio": numpy_seconds / seconds}
        row |= {"loop, s": loop_seconds, "ratio to the loop": loop_seconds / seconds}
        row |= {"regret": float(curve.mean[-1]), "95% interval": f"{curve.low[-1]:.1f} to {curve.high[-1]:.1f}"}
        table.append({**row, "NumPy's regret": peers[0][1], "loop's regret": loop_regret})
        print(table[-1], flush=True)
    title = f"Ten arms, {BANDITS:,} bandits: one arm pays 0.9, nine pay 0.6"
    draw_regret(PICTURE, Regret(title, curves, lai_robbins))
    slowest = max(table, key=lambda row: row["Palestra, s"])
    publish(
        "bandits",
        f"{BANDITS:,} bandits x {len(MEANS)} arms x {PULLS:,} pulls: seconds",
        {
            "ours": slowest["Palestra, s"],
            "peer": slowest["NumPy, s"],
            "ratio": slowest["ratio"],
            "unit": "s",
            "seeds": [0],
        },
        table,
        [
            f"The slowest policy, {slowest['policy']}, takes {slowest['Palestra, s']:.1f} s.",
            "NumPy: all bandits at once, one pull at a time (`bench/loops/bandits.py`), in turn with ours.",
            f"loop: one bandit and one pull at a time in NumPy; {args.loop_bandits} bandits played, time x "
            f"{BANDITS / args.loop_bandits:g}. Its regret is the mean of those few.",
            f"Palestra: one thread, median of {args.repeats} runs; choices, rewards, updates and the record of regret "
            "are inside the clock.",
            f"Bernoulli arms {', '.join(map(str, MEANS))}; Lai-Robbins {lai_robbins:.3g} ln t is "
            f"{lai_robbins * math.log(PULLS):.1f} at the end.",
        ],
    )


if __name__ == "__main__":
    main()
