"""How many CartPole steps a second does PPO learn from, sustained? Against Stable-Baselines3's PPO.

Both train 2 x 64 tanh networks, four epochs of sixteen minibatches a rollout, on 1,024 environments (where compiled-JAX
peers are fastest). Stable-Baselines3 also runs with the eight environments of RL Baselines3 Zoo.
"""

import argparse
import time

import gymnasium
import torch
from stable_baselines3 import PPO as SB3PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from report import publish

NUM_ENVS, NUM_STEPS, EPOCHS, MINIBATCHES = 1024, 128, 4, 16


def ours(seconds: float, threads: int) -> tuple[float, float]:
    """Steps a second over about ``seconds``, after one iteration to warm up, and the final training return."""
    torch.set_num_threads(threads)
    config = PPOConfig(
        num_steps=NUM_STEPS, minibatch_size=NUM_ENVS * NUM_STEPS // MINIBATCHES, num_epochs=EPOCHS,
        learning_rate=2.5e-3, normalize_obs=False, normalize_reward=False,
    )  # fmt: skip
    agent = PPO(World("CartPole-v1", NUM_ENVS), config)
    agent.step()
    start, before = time.perf_counter(), agent.clock
    while (elapsed := time.perf_counter() - start) < seconds:
        budget = agent.clock + 4 * NUM_ENVS * NUM_STEPS
        result = Trainer(agent, TrainSettings(budget=budget)).run()
    return (agent.clock - before) / elapsed, result.metrics["train/return_mean"]


def peer(num_envs: int, num_steps: int, batch: int, epochs: int, steps: int, threads: int) -> float:
    """Steps a second of Stable-Baselines3."""
    torch.set_num_threads(threads)
    env = DummyVecEnv([lambda: gymnasium.make("CartPole-v1")] * num_envs)
    model = SB3PPO("MlpPolicy", env, n_steps=num_steps, batch_size=batch, n_epochs=epochs, device="cpu")
    model.learn(num_envs * num_steps)
    start = time.perf_counter()
    model.learn(steps, reset_num_timesteps=False)
    return steps / (time.perf_counter() - start)


def main() -> None:
    """Ours with one thread and with all, between two runs of the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    args, _ = parser.parse_known_args()
    wide = (NUM_ENVS, NUM_STEPS, NUM_ENVS * NUM_STEPS // MINIBATCHES, EPOCHS, NUM_ENVS * NUM_STEPS)
    zoo = (8, 32, 256, 20, 20_480)
    table = []
    for threads in (1, 2):
        rate, score = ours(args.seconds, threads)
        setting = f"{NUM_ENVS} environments, {NUM_STEPS} steps, {EPOCHS} epochs, {MINIBATCHES} minibatches"
        table.append({"who": "Palestra", "setting": setting, "threads": threads, "steps/s": rate, "return": score})
        table.append(
            {"who": "SB3", "setting": "the same", "threads": threads, "steps/s": peer(*wide, threads), "return": ""}
        )
        zoo_rate = peer(*zoo, threads)
        table.append({"who": "SB3", "setting": "RL-Zoo's", "threads": threads, "steps/s": zoo_rate, "return": ""})
    best = max(row["steps/s"] for row in table if row["who"] == "Palestra")
    peer_best = max(row["steps/s"] for row in table if row["who"] == "SB3")
    publish(
        "ppo_throughput",
        "PPO on CartPole-v1: environment steps learned from per second",
        {"ours": best, "peer": peer_best, "ratio": best / peer_best, "unit": "steps/s", "seeds": [0]},
        table,
        [
            f"{best:,.0f} steps/s against {peer_best:,.0f}: {best / peer_best:.1f} times.",
            "Rollouts, advantages and gradient steps are inside the clock; return is the mean of training episodes.",
        ],
    )


if __name__ == "__main__":
    main()
