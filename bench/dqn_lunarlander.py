"""How many steps a second does DQN do on LunarLander with RL-Zoo's settings? Against Stable-Baselines3's DQN.

One gradient step on 128 transitions for every environment step, networks of 2 x 256 units: most of the time goes to
matrix products that both sides have to do. The table gives their roofline, as in dqn_throughput.py.
"""

import time

from stable_baselines3 import DQN as SB3DQN

from dqn_throughput import flops_per_step, measure
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig

BUDGET, WARM_UP = 100_000, 500
CONFIG = DQNConfig(
    learning_rate=6.3e-4, batch_size=128, buffer_size=50_000, learning_starts=0, target_update_interval=250,
    train_frequency=4, gradient_steps=4, epsilon_end=0.1, exploration_fraction=0.12, hidden_sizes=(256, 256),
)  # fmt: skip
"""The row LunarLander-v3 of the Zoo's hyperparams/dqn.yml; gradient_steps -1 there means as many as steps."""


def ours(steps: int, seed: int) -> float:
    """Steps a second after the warm-up."""
    agent = DQN(World("LunarLander-v3", 1), CONFIG, seed=seed)
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


if __name__ == "__main__":
    title = "DQN on LunarLander-v3 with RL-Zoo's settings: environment steps per second"
    measure("dqn_lunarlander", title, ours, peer, flops_per_step([8, 256, 256, 4], 128), 5_000)
