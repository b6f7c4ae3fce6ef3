"""How long from the start of training to a LunarLander policy worth 200? Against Stable-Baselines3's PPO.

Ours is the recipe ``lunar-lander/ppo``, in Gymnasium's environment and, where EnvPool is installed, in EnvPool's.
Stable-Baselines3 runs with RL Baselines3 Zoo's settings for LunarLander-v3. The clock starts before the agent and its
environments are made. Evaluations are the same on all sides, and off the clock: 20 whole episodes, greedy, in
Gymnasium's environment.
"""

import argparse
import importlib.util
import statistics
import time
from dataclasses import replace
from typing import Any

import gymnasium
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from palestra.engine.trainer import Trainer
from palestra.measure import Evaluation, Measure
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve
from report import publish
from stopwatch import Stopwatch

RECIPE, ENV = "lunar-lander/ppo", "LunarLander-v3"
THRESHOLD, EPISODES, EVERY, BUDGET = 200.0, 20, 16_384, 1_000_000


def ours(seed: int, backend: str) -> tuple[float, int, float]:
    """Seconds without evaluations, steps and final score of the recipe, stopped at the threshold."""
    start, off_clock = time.perf_counter(), 0.0
    watch = {"target": THRESHOLD, "eval_every": EVERY, "eval_count": EPISODES}
    plan = resolve(get_recipe(RECIPE), {"seed": seed, "backend": backend, **watch})
    agent = plan.make_learner()
    measured = agent.measured

    def off_the_clock(measure: Measure) -> Evaluation:
        nonlocal off_clock
        began = time.perf_counter()
        result = measured(replace(measure, split="reference"))
        off_clock += time.perf_counter() - began
        return result

    agent.measured = off_the_clock
    result = Trainer(agent, plan.training).run()
    seconds = time.perf_counter() - start - off_clock
    agent.close()
    return seconds, result.steps, result.best_score or 0.0


def peer(seed: int) -> tuple[float, int, float]:
    """Seconds without evaluation, steps and final score of Stable-Baselines3 with the Zoo's settings."""
    start = time.perf_counter()
    env = DummyVecEnv([lambda: gymnasium.make(ENV)] * 16)
    model = PPO(
        "MlpPolicy", env, n_steps=1024, batch_size=64, gae_lambda=0.98, gamma=0.999, n_epochs=4, ent_coef=0.01,
        seed=seed, device="cpu",
    )  # fmt: skip
    watch = Stopwatch(ENV, seed, threshold=THRESHOLD, episodes=EPISODES, every=EVERY)
    model.learn(BUDGET, callback=watch)
    seconds = time.perf_counter() - start - watch.off_clock
    return seconds, model.num_timesteps, watch.score


def main() -> None:
    """All sides, seed by seed, in one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(args.threads)
    backends = ["sync", *(["envpool"] if importlib.util.find_spec("envpool") else [])]
    table = []
    for seed in range(args.seeds):
        row: dict[str, Any] = {"seed": seed}
        for backend in backends:
            seconds, steps, score = ours(seed, backend)
            row |= {f"{backend} s": seconds, f"{backend} steps": steps, f"{backend} score": score}
        seconds, steps, score = peer(seed)
        table.append({**row, "SB3 s": seconds, "SB3 steps": steps, "SB3 score": score})
        print(table[-1], flush=True)
    median = {side: statistics.median(row[f"{side} s"] for row in table) for side in (*backends, "SB3")}
    solved = {side: sum(row[f"{side} score"] >= THRESHOLD for row in table) for side in (*backends, "SB3")}
    best = min(backends, key=lambda backend: median[backend])
    publish(
        "ppo_lunarlander",
        "Seconds from the start of training to the first evaluation of at least 200 on LunarLander-v3",
        {
            "ours": median[best], "peer": median["SB3"], "ratio": median["SB3"] / median[best], "unit": "s, median",
            "seeds": list(range(args.seeds)), "solved": solved,
        },
        table,
        [
            *(
                f"Ours, backend {backend}: median {median[backend]:.1f} s against {median['SB3']:.1f} s: "
                f"{median['SB3'] / median[backend]:.1f} times ahead; {solved[backend]} of {args.seeds} seeds solved."
                for backend in backends
            ),
            f"SB3 solved {solved['SB3']} of {args.seeds} within {BUDGET:,} steps; one that did not counts in full.",
            f"Evaluation: {EPISODES} whole episodes, greedy, every {EVERY:,} steps, in Gymnasium's environment, "
            "off the clock on all sides.",
            f"{args.threads} thread(s) on all sides; EnvPool uses threads of its own.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
