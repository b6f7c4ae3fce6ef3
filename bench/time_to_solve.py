"""How long from the start of training to a CartPole policy worth 475? Against Stable-Baselines3's PPO.

Stable-Baselines3 runs with RL Baselines3 Zoo's settings for CartPole-v1. The clock starts before the agent and its
environments are made. Ours counts its evaluations, and in the column "recorded" also the run store with its metrics and
checkpoints. The peer's evaluations are left out of its time, since its evaluator steps one environment at a time.

A seed that never comes to 475 counts with the time of its whole budget: what it would need is more.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gymnasium
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

import palestra
from palestra.engine.trainer import Trainer
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve
from report import publish
from stopwatch import Stopwatch

THRESHOLD, EPISODES, EVERY = 475.0, 20, 2048
WATCH = {"target": THRESHOLD, "eval_every": EVERY, "eval_count": EPISODES}
SPRINT, STEADY = "cartpole/ppo-sprint", "cartpole/ppo"


@dataclass(frozen=True)
class Attempt:
    """One training, up to the threshold or to the end of its budget."""

    seconds: float
    """From its start."""
    steps: int
    """Of the environment."""
    score: float
    """The best of its evaluations."""

    @property
    def solved(self) -> bool:
        """Whether ``seconds`` is what the question asks for; otherwise it is less."""
        return self.score >= THRESHOLD


def median(attempts: Sequence[Attempt]) -> float:
    """Of the seconds of all, those that did not solve with their whole budget's: then it is a lower bound."""
    return statistics.median(attempt.seconds for attempt in attempts)


def spoken(attempts: Sequence[Attempt]) -> str:
    """``median 0.431 s, 10 of 10 seeds solve``, or ``median at least ...``."""
    solved = sum(attempt.solved for attempt in attempts)
    bound = "" if solved == len(attempts) else "at least "
    return f"median {bound}{median(attempts):.3f} s, {solved} of {len(attempts)} seeds solve"


def cell(attempt: Attempt) -> str:
    """Its seconds, as ``> 1.7`` where it did not solve."""
    return f"{'' if attempt.solved else '> '}{attempt.seconds:.3g}"


def ours(recipe: str, seed: int) -> Attempt:
    """A recipe, learning alone; its seconds count its evaluations."""
    start = time.perf_counter()
    plan = resolve(get_recipe(recipe), {"seed": seed, **WATCH})
    result = Trainer(plan.make_learner(), plan.training).run()
    return Attempt(time.perf_counter() - start, result.steps, result.best_score or 0.0)


def recorded(recipe: str, seed: int) -> float:
    """Seconds of the same training as a run on disk."""
    with tempfile.TemporaryDirectory(dir=".") as out:
        start = time.perf_counter()
        palestra.train(recipe, seed=seed, out=out, claim=False, **WATCH)
        return time.perf_counter() - start


def linear(start: float):
    """The Zoo's linear schedule."""
    return lambda remaining: remaining * start


def peer(seed: int) -> Attempt:
    """Stable-Baselines3 with the Zoo's settings; its seconds are without evaluation."""
    start = time.perf_counter()
    env = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * 8)
    model = PPO(
        "MlpPolicy", env, n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, ent_coef=0.0,
        learning_rate=linear(1e-3), clip_range=linear(0.2), seed=seed, device="cpu",
    )  # fmt: skip
    watch = Stopwatch("CartPole-v1", seed, threshold=THRESHOLD, episodes=EPISODES, every=EVERY)
    model.learn(100_000, callback=watch)
    return Attempt(time.perf_counter() - start - watch.off_clock, model.num_timesteps, watch.score)


def main() -> None:
    """Both sides, seed by seed, in one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    ours(SPRINT, 1_000), recorded(SPRINT, 1_000), peer(1_000)  # first calls load libraries; nobody pays for that
    sprint: list[Attempt] = []
    stored: list[Attempt] = []
    steady: list[Attempt] = []
    theirs: list[Attempt] = []
    for seed in range(args.seeds):
        sprint.append(ours(SPRINT, seed))
        stored.append(replace(sprint[-1], seconds=recorded(SPRINT, seed)))
        steady.append(ours(STEADY, seed))
        theirs.append(peer(seed))
    publish_table(sprint, stored, steady, theirs, args.threads)


def publish_table(
    sprint: list[Attempt], stored: list[Attempt], steady: list[Attempt], theirs: list[Attempt], threads: int
) -> None:
    """Write one row for each seed, and what they come to."""
    table: list[dict[str, Any]] = [
        {
            "seed": seed, "sprint s": cell(a), "steps": a.steps, "score": a.score, "recorded s": cell(b),
            "cartpole/ppo s": cell(c), "SB3 s": cell(d), "SB3 steps": d.steps, "SB3 score": d.score,
        }
        for seed, (a, b, c, d) in enumerate(zip(sprint, stored, steady, theirs))
    ]  # fmt: skip
    publish(
        "time_to_solve",
        "Seconds from the start of training to the first evaluation of at least 475 on CartPole-v1",
        {
            "ours": median(sprint), "peer": median(theirs), "ratio": median(theirs) / median(sprint),
            "unit": "s, median", "seeds": list(range(len(table))), "solved": sum(a.solved for a in sprint),
            "peer solved": sum(a.solved for a in theirs),
        },
        table,
        [
            f"`{SPRINT}`: {spoken(sprint)}. Stable-Baselines3: {spoken(theirs)}: {ahead(sprint, theirs)}.",
            f"`{SPRINT}`, recorded as a run on disk: {spoken(stored)}.",
            f"`{SPRINT}` is tuned for this question, and stops; `{STEADY}` is tuned to stay good to the end of its "
            f"budget: {spoken(steady)}, {ahead(steady, theirs)}.",
            "A seed that does not solve counts in full: with the time of its whole budget, marked `>`, of which its own"
            " time would be more.",
            f"Evaluation: {EPISODES} whole episodes, greedy, every {EVERY} steps, on both sides.",
            f"{threads} thread(s) on both sides.",
        ],
    )  # fmt: skip


def ahead(mine: Sequence[Attempt], theirs: Sequence[Attempt]) -> str:
    """The ratio of the medians."""
    return f"{median(theirs) / median(mine):.1f} times ahead"


if __name__ == "__main__":
    main()
