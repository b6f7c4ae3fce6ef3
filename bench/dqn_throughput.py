"""How many steps a second does DQN do with RL Baselines3 Zoo's CartPole settings? Against Stable-Baselines3's DQN.

Also the share of the machine's matrix roofline: the time that the matrix products of the algorithm would take at the
speed of one large single-precision product, over the time that training takes.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import torch
from stable_baselines3 import DQN as SB3DQN

from palestra.engine.settings import build
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.recipes.registry import get_recipe
from report import publish
from roofline import matrix_flops

BUDGET = 50_000


def ours(steps: int, seed: int) -> float:
    """Steps a second of the recipe ``cartpole/dqn``, from the first gradient step on."""
    recipe = get_recipe("cartpole/dqn")
    config = build(DQNConfig, recipe.settings)
    agent = DQN(World(recipe.env, 1), config, seed=seed)
    Trainer(agent, TrainSettings(budget=config.learning_starts + 1)).run()
    agent.budget = BUDGET
    start, before = time.perf_counter(), agent.clock
    Trainer(agent, TrainSettings(budget=before + steps)).run()
    return (agent.clock - before) / (time.perf_counter() - start)


def peer(steps: int, seed: int) -> float:
    """The same of Stable-Baselines3."""
    model = SB3DQN(
        "MlpPolicy", "CartPole-v1", learning_rate=2.3e-3, batch_size=64, buffer_size=100_000, learning_starts=1000,
        gamma=0.99, target_update_interval=10, train_freq=256, gradient_steps=128, exploration_fraction=0.16,
        exploration_final_eps=0.04, policy_kwargs={"net_arch": [256, 256]}, seed=seed, device="cpu",
    )  # fmt: skip
    model.learn(1280)
    start, before = time.perf_counter(), model.num_timesteps
    model.learn(steps, reset_num_timesteps=False)
    return (model.num_timesteps - before) / (time.perf_counter() - start)


def flops_per_step(sizes: list[int], samples: float) -> float:
    """Matrix operations per environment step: acting, the target's forward, and forward and backward of a batch.

    Args:
        sizes: features of input, hidden layers and output.
        samples: transitions learned from for each environment step.
    """
    forward = sum(2 * i * o for i, o in pairwise(sizes))
    backward = 2 * forward - 2 * sizes[0] * sizes[1]
    return forward + samples * (forward + forward + backward)


def measure(
    name: str,
    title: str,
    ours: Callable[[int, int], float],
    peer: Callable[[int, int], float],
    flops: float,
    steps: int,
) -> None:
    """Both sides in turn, with one thread and with two; publishes the table.

    Args:
        name: of the table.
        title: its heading.
        ours: from a number of steps and a seed to steps a second.
        peer: the same of the other side.
        flops: matrix operations of one environment step.
        steps: environment steps of a run, unless the command line says otherwise.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--seeds", type=int, default=5)
    args, _ = parser.parse_known_args()
    table = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        roof = matrix_flops() / flops
        mine, theirs = [], []
        for seed in range(args.seeds):
            mine.append(ours(args.steps, seed))
            theirs.append(peer(args.steps, seed))
        rate, peer_rate = statistics.median(mine), statistics.median(theirs)
        row = {"threads": threads, "ours steps/s": rate, "SB3 steps/s": peer_rate, "ratio": rate / peer_rate}
        table.append({**row, "roofline steps/s": roof, "our share": rate / roof, "SB3's share": peer_rate / roof})
        print(table[-1], flush=True)
    best, peer_best = max(r["ours steps/s"] for r in table), max(r["SB3 steps/s"] for r in table)
    publish(
        name,
        title,
        {
            "ours": best, "peer": peer_best, "ratio": best / peer_best, "unit": "steps/s, median",
            "seeds": list(range(args.seeds)), "roofline_share": max(r["our share"] for r in table),
        },
        table,
        [
            f"Best against best: {best:,.0f} against {peer_best:,.0f} steps/s, {best / peer_best:.1f} times.",
            f"{args.steps} steps a run once learning has begun; median over {args.seeds} seeds.",
            "Roofline: all matrix products of the algorithm at the speed of a 1,024-cubed product, and nothing else.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    title = "DQN on CartPole-v1 with RL-Zoo's settings: environment steps per second"
    measure("dqn_throughput", title, ours, peer, flops_per_step([4, 256, 256, 2], 64 * 128 / 256), 10_240)
