"""Does SAC learn alike in float32, with bfloat16 in hidden layers, and in Stable-Baselines3?

HalfCheetah-v5, one environment, one update a step, the same networks and settings on every side. Each seed's greedy
return is measured at the same steps; the table gives mean and range over seeds. ``bench/sac_throughput.py`` times them.
"""

import argparse
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import torch
from stable_baselines3 import SAC as SB3SAC
from stable_baselines3.common.evaluation import evaluate_policy

from palestra.engine.device import denormals_as_zero
from palestra.envs.world import World
from palestra.learners.off_policy.sac import SAC, SACConfig
from report import publish

ENV = "HalfCheetah-v5"
WARMUP = 1_000
RUNS = 1_000.0
"""Return from which a cheetah runs: before, that curves overlap says nothing."""
Curve = list[float]


def ours(precision: str, seed: int, steps: int, points: int) -> Curve:
    """Greedy returns after equal parts of the steps."""
    config = SACConfig(learning_starts=WARMUP, precision=precision, buffer_size=steps)  # type: ignore[arg-type]
    agent, curve = SAC(World(ENV, 1), config, seed=seed), []
    with denormals_as_zero():
        for point in range(1, points + 1):
            while agent.clock < steps * point // points:
                agent.step()
            curve.append(agent.evaluate(episodes=5, seed=point).score)
    agent.close()
    return curve


def peer(seed: int, steps: int, points: int) -> Curve:
    """The same of Stable-Baselines3."""
    model = SB3SAC(
        "MlpPolicy", ENV, learning_starts=WARMUP, buffer_size=steps, batch_size=256, seed=seed, device="cpu",
        policy_kwargs={"net_arch": [256, 256]},
    )  # fmt: skip
    curve = []
    for point in range(1, points + 1):
        model.learn(steps * point // points - model.num_timesteps, reset_num_timesteps=False)
        curve.append(float(evaluate_policy(model, model.get_env(), n_eval_episodes=5)[0]))  # type: ignore[arg-type]
    return curve


SIDES: dict[str, Callable[[int, int, int], Curve]] = {
    "ours, float32": partial(ours, "float32"),
    "ours, bfloat16": partial(ours, "bfloat16"),
    "SB3": peer,
}


def main() -> None:
    """Every side on every seed, as many side by side as there are cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--points", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    args, _ = parser.parse_known_args()
    # Each in a process of its own: only what is learned counts here, not how fast.
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        learning = {
            name: [pool.submit(learn, seed, args.steps, args.points) for seed in range(args.seeds)]
            for name, learn in SIDES.items()
        }
        curves = {name: [future.result() for future in futures] for name, futures in learning.items()}
    table = []
    for i in range(args.points):
        row: dict[str, object] = {"steps": args.steps * (i + 1) // args.points}
        for name, found in curves.items():
            values = [curve[i] for curve in found]
            row[name] = f"{statistics.mean(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"
        table.append(row)
    last = {name: [curve[-1] for curve in found] for name, found in curves.items()}
    half, whole, other = (last[name] for name in ("ours, bfloat16", "ours, float32", "SB3"))
    learned = all(statistics.mean(values) >= RUNS for values in last.values())
    overlap = learned and all(min(half) <= max(side) and min(side) <= max(half) for side in (whole, other))
    publish(
        "sac_curves",
        "SAC on HalfCheetah-v5: greedy return while learning, mean and range over seeds",
        {
            "ours": statistics.mean(half), "peer": statistics.mean(other), "overlap": overlap,
            "ratio": statistics.mean(half) / statistics.mean(other), "unit": "return",
            "seeds": list(range(args.seeds)),
        },
        table,
        [
            f"At the last point the ranges of bfloat16 and of both others {'do' if overlap else 'do NOT'} overlap"
            + ("." if learned else f", or say nothing: a side is below {RUNS:,.0f} still."),
            f"{args.seeds} seeds, 5 episodes a point: enough to see a difference in kind, not a small one.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
