"""How many steps a second does DQN do on LunarLander with RL-Zoo's settings? Against Stable-Baselines3's DQN.

One gradient step on 128 transitions for every environment step, networks of 2 x 256 units: most of the time goes to
matrix products that both sides have to do. The table gives their roofline, as in dqn_throughput.py.
"""

import argparse
import statistics
import time
from itertools import pairwise

import torch
from stable_baselines3 import DQN as SB3DQN

from dqn_throughput import matrix_flops
from palestra.engine.env_config import EnvConfig
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.learners.deep.dqn import DQN, DQNConfig
from report import publish

BUDGET, WARM_UP = 100_000, 500
CONFIG = DQNConfig(
    learning_rate=6.3e-4, batch_size=128, buffer_size=50_000, learning_starts=0, target_update_interval=250,
    train_frequency=4, gradient_steps=4, epsilon_end=0.1, exploration_fraction=0.12, hidden_sizes=(256, 256),
)  # fmt: skip
"""The row LunarLander-v3 of the Zoo's hyperparams/dqn.yml; gradient_steps -1 there means as many as steps."""


def ours(steps: int, seed: int) -> float:
    """Steps a second after the warm-up."""
    agent = DQN(EnvConfig("LunarLander-v3", 1), CONFIG, seed=seed)
    Trainer(agent, TrainSettings(budget=WARM_UP)).run()
    agent.budget = BUDGET
    start, before = time.perf_counter(), agent.clock
    Trainer(agent, TrainSettings(budget=before + steps)).run()
    rate = (agent.clock - before) / (time.perf_counter() - start)
    agent.close()
    return rate


def peer(steps: int, seed: int) -> float:
    """The same of Stable-Baselines3."""
    model = SB3DQN(
        "MlpPolicy", "LunarLander-v3", learning_rate=6.3e-4, batch_size=128, buffer_size=50_000, learning_starts=0,
        gamma=0.99, target_update_interval=250, train_freq=4, gradient_steps=-1, exploration_fraction=0.12,
        exploration_final_eps=0.1, policy_kwargs={"net_arch": [256, 256]}, seed=seed, device="cpu",
    )  # fmt: skip
    model.learn(WARM_UP)
    start, before = time.perf_counter(), model.num_timesteps
    model.learn(steps, reset_num_timesteps=False)
    return (model.num_timesteps - before) / (time.perf_counter() - start)


def flops_per_step() -> float:
    """Matrix operations per environment step: acting, the target's forward, and forward and backward of a batch."""
    sizes = [8, 256, 256, 4]
    forward = sum(2 * i * o for i, o in pairwise(sizes))
    backward = 2 * forward - 2 * sizes[0] * sizes[1]
    return forward + 128 * (forward + forward + backward)


def main() -> None:
    """Both sides in turn, with one thread and with two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5_000)
    parser.add_argument("--seeds", type=int, default=5)
    args, _ = parser.parse_known_args()
    table = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        roof = matrix_flops() / flops_per_step()
        mine, theirs = [], []
        for seed in range(args.seeds):
            mine.append(ours(args.steps, seed))
            theirs.append(peer(args.steps, seed))
        rate, peer_rate = statistics.median(mine), statistics.median(theirs)
        row = {"threads": threads, "ours steps/s": rate, "SB3 steps/s": peer_rate, "ratio": rate / peer_rate}
        table.append({**row, "roofline steps/s": roof, "our share": rate / roof, "SB3's share": peer_rate / roof})
    best, peer_best = max(r["ours steps/s"] for r in table), max(r["SB3 steps/s"] for r in table)
    publish(
        "dqn_lunarlander",
        "DQN on LunarLander-v3 with RL-Zoo's settings: environment steps per second",
        {
            "ours": best, "peer": peer_best, "ratio": best / peer_best, "unit": "steps/s, median",
            "seeds": list(range(args.seeds)), "roofline_share": max(r["our share"] for r in table),
        },
        table,
        [
            f"Best against best: {best:,.0f} against {peer_best:,.0f} steps/s, {best / peer_best:.1f} times.",
            f"{args.steps} steps a run after {WARM_UP}; median over {args.seeds} seeds.",
            "Roofline: all matrix products of the algorithm at the speed of a 1,024-cubed product, and nothing else.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
