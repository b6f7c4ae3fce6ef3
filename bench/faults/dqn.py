"""Faults in the DQN family and its replay (A5 to A7)."""

from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn import functional as F

from faults.fault import fault, quickest
from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout
from palestra.envs.finite.gym_env import FiniteEnv
from palestra.envs.finite.mdp import from_table
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.learners.tabular.double_q_learning import DoubleQLearning
from palestra.learners.tabular.q_learning import QLearning
from palestra.learners.tabular.rule import TabularConfig
from palestra.learners.tabular.tabular_learner import TabularLearner


class NoTerminalDQN(DQN):
    """Replay hands back (s, a, r, s') without done, so that every target bootstraps."""

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        return super().targets(b._replace(discount_B=torch.full_like(b.discount_B, self.config.gamma)), next_out_BK)


class BroadcastDQN(DQN):
    """Rewards (B, 1) plus values (B,) make targets (B, B): each Q regresses to r_i + gamma mean_j max_a Q(s'_j, a)."""

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        return super().targets(b, next_out_BK.amax(1).mean().expand_as(next_out_BK))


@cache
def lately(kind: type[DQN], seed: int) -> float:
    """Mean return of the last 100 episodes of training."""
    config = DQNConfig(
        learning_rate=1e-3, train_frequency=64, gradient_steps=32, target_update_interval=256, hidden_sizes=(64, 64),
        epsilon_end=0.04,
    )  # fmt: skip
    agent = kind(World("CartPole-v1", 4), config, seed=seed).learn(20_000)
    return agent.interaction.episodes.metrics()["train/return_mean"]


@fault("replay-without-done", "return of DQN's last 100 episodes on CartPole, 20,000 steps", seeds=3)
def replay_without_done(seed: int, faulty: bool) -> float:
    return lately(NoTerminalDQN if faulty else DQN, seed)


@fault("target-broadcast", "return of DQN's last 100 episodes on CartPole, 20,000 steps", seeds=3)
def target_broadcast(seed: int, faulty: bool) -> float:
    return lately(BroadcastDQN if faulty else DQN, seed)


@fault("mean-of-mean", "norm of the gradient of the loss", seeds=1)
def mean_of_mean(seed: int, faulty: bool) -> float:
    value = torch.linspace(-1, 1, 64, requires_grad=True)
    loss = F.mse_loss(value, torch.zeros(64))
    (torch.mean(loss) if faulty else loss).backward()
    assert value.grad is not None
    return float(value.grad.norm())


@fault("buffer-off-by-one", "pushes since the oldest transition of a buffer of 100 came, after 10,050 pushes", seeds=1)
def buffer_off_by_one(seed: int, faulty: bool) -> float:
    if faulty:
        buffer: list[int] = []
        place = 0
        for pushed in range(10_050):
            if len(buffer) <= 100:  # one too many, and that one is never the next to be written
                buffer.append(pushed)
            else:
                buffer[place] = pushed
            place = (place + 1) % 100
        return 10_050 - min(buffer)
    replay = _replay(100, 1)
    for pushed in range(10_050):
        replay.add(_row(float(pushed)))
    return 10_050 - float(replay.state_dict()["fields"]["reward"].min())


def _replay(capacity: int, size: int) -> ReplayBuffer:
    return ReplayBuffer(capacity, 1, spaces.Box(-1.0, 1.0, (size,)), (), torch.int64, torch.device("cpu"))


def _row(reward: float, size: int = 1) -> Rollout:
    flag, obs = torch.zeros(1, 1, dtype=torch.bool), torch.zeros(1, 1, size)
    return Rollout(obs, torch.zeros(1, 1, dtype=torch.int64), torch.full((1, 1), reward), flag, flag, obs)


@fault("loop-over-samples", "microseconds to draw 64 transitions of 8 numbers from a buffer", seeds=3)
def loop_over_samples(seed: int, faulty: bool) -> float:
    replay, generator = _replay(1_000, 8), torch.Generator().manual_seed(seed)
    for step in range(1_000):
        replay.add(_row(float(step), 8))
    rows = [(np.zeros(8, np.float32), 0, float(step), np.zeros(8, np.float32), False) for step in range(1_000)]

    def loop() -> None:
        drawn = [rows[int(torch.randint(1_000, (), generator=generator))] for _ in range(64)]
        obs, action, reward, next_obs, done = zip(*drawn)
        torch.cat([torch.from_numpy(x)[None] for x in obs]), torch.tensor(action), torch.tensor(reward)
        torch.cat([torch.from_numpy(x)[None] for x in next_obs]), torch.tensor(done)

    return quickest(loop if faulty else lambda: replay.sample(64, generator, gamma=0.99))


def _bias_world() -> gym.Env[Any, Any]:
    """From A half of the ten actions end for 0; the others lead to B, where all of them end for -0.1 on average."""
    to_b, end = [(1.0, 1, 0.0, False)], [(1.0, 2, 0.0, True)]
    gamble = [(0.5, 2, -1.1, True), (0.5, 2, 0.9, True)]
    table = {0: {a: to_b if a % 2 else end for a in range(10)}, 1: dict.fromkeys(range(10), gamble)}
    return FiniteEnv(from_table({**table, 2: dict.fromkeys(range(10), end)}, [1.0, 0.0, 0.0]))


gym.register("errata/Bias-v0", _bias_world)


@fault("double-never-on", "share of 300 episodes that take the losing turn (5% are random)", seeds=10)
def double_never_on(seed: int, faulty: bool) -> float:
    rule = QLearning if faulty else DoubleQLearning  # asked for double, and got the plain one
    config = TabularConfig(gamma=1.0, learning_rate=0.1)
    agent = TabularLearner(rule, World("errata/Bias-v0", backend="sync"), config, seed=seed)
    while agent.q.visits[:, 0].sum() < 300:
        agent.step()
    return float(agent.q.visits[:, 1].sum() / agent.q.visits[:, 0].sum())


@fault("shared-layer-twice", "microseconds of a dueling network forwards and backwards, 64 samples", seeds=3)
def shared_layer_twice(seed: int, faulty: bool) -> float:
    shared, to_a, to_v = nn.Linear(8, 256), nn.Linear(256, 4), nn.Linear(256, 1)
    x = torch.randn(64, 8)

    def work() -> None:
        hidden = F.relu(shared(x))
        other = F.relu(shared(x)) if faulty else hidden
        a, v = to_a(hidden), to_v(other)
        (v + a - a.mean(1, keepdim=True)).square().mean().backward()

    return quickest(work)
