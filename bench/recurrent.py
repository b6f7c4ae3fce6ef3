"""How long does recurrent PPO take for 100,000 steps of CartPole without velocities? Against sb3-contrib's.

The same on both sides: an LSTM of 64 and a hidden layer of 64 for each of policy and value, 8 environments, rollouts of
128 steps, 10 epochs of minibatches of 256 samples. Theirs has no GRU; ours is timed with both.
"""

import argparse
import statistics
import time
from typing import Any

import gymnasium
import torch
from sb3_contrib import RecurrentPPO as TheirPPO
from stable_baselines3.common.vec_env import DummyVecEnv

from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from report import publish

ENV = "palestra/CartPoleMasked-v0"
NUM_ENVS, NUM_STEPS, MINIBATCH, EPOCHS, SIZE = 8, 128, 256, 10, 64
STEPS = 100_000


def ours(cell: Any, steps: int, seed: int) -> float:
    """Seconds for 100,000 steps, from about so many after one iteration to warm up."""
    config = RecurrentPPOConfig(
        cell=cell, memory_size=SIZE, hidden_sizes=(SIZE,), num_steps=NUM_STEPS, minibatch_size=MINIBATCH,
        num_epochs=EPOCHS, normalize_obs=False, normalize_reward=False,
    )  # fmt: skip
    agent = RecurrentPPO(World(ENV, NUM_ENVS), config, seed=seed)
    agent.step()
    start, before = time.perf_counter(), agent.clock
    Trainer(agent, TrainSettings(budget=before + steps)).run()
    found = (time.perf_counter() - start) / (agent.clock - before) * STEPS
    agent.close()
    return found


def peer(steps: int, seed: int) -> float:
    """The same of sb3-contrib."""
    env = DummyVecEnv([lambda: gymnasium.make(ENV)] * NUM_ENVS)
    sizes = {"lstm_hidden_size": SIZE, "net_arch": {"pi": [SIZE], "vf": [SIZE]}}
    model = TheirPPO(
        "MlpLstmPolicy", env, n_steps=NUM_STEPS, batch_size=MINIBATCH, n_epochs=EPOCHS, policy_kwargs=sizes, seed=seed,
        device="cpu",
    )  # fmt: skip
    model.learn(NUM_ENVS * NUM_STEPS)
    start, before = time.perf_counter(), model.num_timesteps
    model.learn(steps, reset_num_timesteps=False)
    return (time.perf_counter() - start) / (model.num_timesteps - before) * STEPS


def main() -> None:
    """Both sides in turn, with one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3)
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    seconds: dict[str, list[float]] = {"Palestra, LSTM": [], "Palestra, GRU": [], "sb3-contrib, LSTM": []}
    for seed in range(args.seeds):
        seconds["Palestra, LSTM"].append(ours("lstm", args.steps, seed))
        seconds["sb3-contrib, LSTM"].append(peer(args.steps, seed))
        seconds["Palestra, GRU"].append(ours("gru", args.steps, seed))
    middle = {who: statistics.median(found) for who, found in seconds.items()}
    mine, theirs = middle["Palestra, LSTM"], middle["sb3-contrib, LSTM"]
    publish(
        "recurrent",
        "Recurrent PPO on CartPole without velocities: seconds for 100,000 steps",
        {
            "ours": mine, "peer": theirs, "ratio": theirs / mine, "unit": "s, median", "seeds": list(range(args.seeds)),
        },
        [{"who": who, "seconds": seconds, "steps/s": STEPS / seconds} for who, seconds in middle.items()],
        [
            f"{mine:.1f} s against {theirs:.1f} s with an LSTM on both sides: {theirs / mine:.2f} times.",
            f"Measured on {args.steps:,} steps a run, one thread; median over {args.seeds} seeds.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
