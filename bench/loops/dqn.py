"""DQN on CartPole: a replay of arrays, one step of Adam for each step of the environment, in plain PyTorch."""

import copy

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig

GAMMA, LEARNING_RATE, HIDDEN, BATCH, CAPACITY, STARTS, SYNC = 0.99, 5e-4, 128, 64, 50_000, 1_000, 500
LAST_EPSILON, EXPLORATION = 0.05, 0.2


def loop(steps: int, seed: int) -> nn.Module:
    """The loop that a student writes; returns the Q network."""
    torch.manual_seed(seed)
    rng, env = np.random.default_rng(seed), gym.make("CartPole-v1")
    q = nn.Sequential(nn.Linear(4, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
    target = copy.deepcopy(q)
    optimizer = torch.optim.Adam(q.parameters(), lr=LEARNING_RATE)
    seen, following = np.zeros((2, CAPACITY, 4), np.float32)
    taken, paid, ended = np.zeros(CAPACITY, np.int64), np.zeros(CAPACITY, np.float32), np.zeros(CAPACITY, np.float32)
    observation, _ = env.reset(seed=seed)
    for t in range(steps):
        epsilon = max(LAST_EPSILON, 1 + (LAST_EPSILON - 1) * t / (EXPLORATION * steps))
        if t < STARTS or rng.random() < epsilon:
            action = int(rng.integers(2))
        else:
            with torch.no_grad():
                action = int(q(torch.as_tensor(observation)).argmax())
        after, reward, terminated, truncated, _ = env.step(action)
        i = t % CAPACITY
        seen[i], following[i], taken[i], paid[i], ended[i] = observation, after, action, reward, terminated
        observation = env.reset()[0] if terminated or truncated else after
        if t < STARTS:
            continue
        drawn = rng.integers(min(t + 1, CAPACITY), size=BATCH)
        with torch.no_grad():
            best = target(torch.as_tensor(following[drawn])).max(1).values
            y = torch.as_tensor(paid[drawn]) + GAMMA * (1 - torch.as_tensor(ended[drawn])) * best
        value = q(torch.as_tensor(seen[drawn])).gather(1, torch.as_tensor(taken[drawn])[:, None]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(value, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if t % SYNC == 0:
            target.load_state_dict(q.state_dict())
    return q


def ours(steps: int, seed: int) -> DQN:
    """The same by our learner: 16 copies step at once, and 16 steps of Adam follow."""
    config = DQNConfig(
        buffer_size=CAPACITY, learning_starts=STARTS, batch_size=BATCH, train_frequency=16, gradient_steps=16,
        learning_rate=LEARNING_RATE, gamma=GAMMA, target_update_interval=SYNC, epsilon_end=LAST_EPSILON,
        exploration_fraction=EXPLORATION, hidden_sizes=(HIDDEN, HIDDEN),
    )  # fmt: skip
    agent = DQN(World("CartPole-v1", 16), config, seed=seed, device="cpu")
    agent.learn(steps)
    return agent
