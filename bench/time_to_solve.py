"""How long from the start of training to a CartPole policy worth 475? Against Stable-Baselines3's PPO.

Stable-Baselines3 runs with RL Baselines3 Zoo's settings for CartPole-v1. The clock starts before the agent and its
environments are made. Ours counts its evaluations, and in the column "recorded" also the run store with its metrics and
checkpoints. The peer's evaluations are left out of its time, since its evaluator steps one environment at a time.
"""

import argparse
import statistics
import tempfile
import time

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


def ours(recipe: str, seed: int) -> tuple[float, int, float]:
    """Seconds with evaluations, steps and final score of a recipe, learning alone."""
    start = time.perf_counter()
    plan = resolve(get_recipe(recipe), {"seed": seed, **WATCH})
    result = Trainer(plan.make_learner(), plan.training).run()
    return time.perf_counter() - start, result.steps, result.best_score or 0.0


def recorded(recipe: str, seed: int) -> float:
    """Seconds of the same training as a run on disk."""
    with tempfile.TemporaryDirectory(dir=".") as out:
        start = time.perf_counter()
        palestra.train(recipe, seed=seed, out=out, claim=False, **WATCH)
        return time.perf_counter() - start


def linear(start: float):
    """The Zoo's linear schedule."""
    return lambda remaining: remaining * start


def peer(seed: int) -> tuple[float, int, float]:
    """Seconds without evaluation, steps and final score of Stable-Baselines3 with the Zoo's settings."""
    start = time.perf_counter()
    env = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * 8)
    model = PPO(
        "MlpPolicy", env, n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, ent_coef=0.0,
        learning_rate=linear(1e-3), clip_range=linear(0.2), seed=seed, device="cpu",
    )  # fmt: skip
    watch = Stopwatch("CartPole-v1", seed, threshold=THRESHOLD, episodes=EPISODES, every=EVERY)
    model.learn(100_000, callback=watch)
    return time.perf_counter() - start - watch.off_clock, model.num_timesteps, watch.score


def main() -> None:
    """Both sides, seed by seed, in one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    ours(SPRINT, 1_000), recorded(SPRINT, 1_000), peer(1_000)  # first calls load libraries; nobody pays for that
    table = []
    for seed in range(args.seeds):
        mine, steps, score = ours(SPRINT, seed)
        row = {"seed": seed, "sprint s": mine, "steps": steps, "score": score, "recorded s": recorded(SPRINT, seed)}
        row["cartpole/ppo s"] = ours(STEADY, seed)[0]
        theirs, peer_steps, peer_score = peer(seed)
        table.append({**row, "SB3 s": theirs, "SB3 steps": peer_steps, "SB3 score": peer_score})
    medians = {key: statistics.median(row[key] for row in table) for key in table[0] if key.endswith(" s")}
    median, peer_median = medians["sprint s"], medians["SB3 s"]
    publish(
        "time_to_solve",
        "Seconds from the start of training to the first evaluation of at least 475 on CartPole-v1",
        {
            "ours": median, "peer": peer_median, "ratio": peer_median / median, "unit": "s, median",
            "seeds": list(range(args.seeds)), "solved": sum(row["score"] >= THRESHOLD for row in table),
        },
        table,
        [
            f"Median {median:.3f} s against {peer_median:.3f} s: {peer_median / median:.1f} times ahead.",
            f"Recorded as a run on disk: {medians['recorded s']:.3f} s.",
            f"`{SPRINT}` is tuned for this question, and stops; `{STEADY}` is tuned to stay good to the end of its "
            f"budget: {medians['cartpole/ppo s']:.3f} s, {peer_median / medians['cartpole/ppo s']:.1f} times ahead.",
            f"Evaluation: {EPISODES} whole episodes, greedy, every {EVERY} steps, on both sides.",
            f"{args.threads} thread(s) on both sides.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
