"""REINFORCE on CartPole: rewards to go of whole episodes, one step of Adam for each batch of them, in plain PyTorch."""

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from palestra.envs.world import World
from palestra.learners.on_policy.vpg import VPG, VPGConfig

GAMMA, LEARNING_RATE, HIDDEN, BATCH = 0.99, 1e-2, 64, 1_024


def loop(steps: int, seed: int) -> nn.Module:
    """The loop that a student writes; returns the policy."""
    torch.manual_seed(seed)
    env = gym.make("CartPole-v1")
    policy = nn.Sequential(nn.Linear(4, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2))
    optimizer = torch.optim.Adam(policy.parameters(), lr=LEARNING_RATE)
    observation, _ = env.reset(seed=seed)
    observations, actions, to_go, rewards = [], [], [], []
    for _ in range(steps):
        with torch.no_grad():
            logits = policy(torch.as_tensor(observation))
            action = int(torch.distributions.Categorical(logits=logits).sample())
        observations.append(observation)
        actions.append(action)
        observation, reward, terminated, truncated, _ = env.step(action)
        rewards.append(float(reward))
        if not (terminated or truncated):
            continue
        returns, total = [], 0.0
        for reward in reversed(rewards):
            total = reward + GAMMA * total
            returns.append(total)
        to_go += reversed(returns)
        rewards = []
        observation, _ = env.reset()
        if len(to_go) >= BATCH:
            weight = torch.tensor(to_go)
            weight = (weight - weight.mean()) / (weight.std() + 1e-8)
            logits = policy(torch.as_tensor(np.array(observations)))
            log_prob = torch.distributions.Categorical(logits=logits).log_prob(torch.tensor(actions))
            loss = -(log_prob * weight).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            observations, actions, to_go = [], [], []
    return policy


def ours(steps: int, seed: int) -> VPG:
    """The same by our learner: 8 copies of 128 steps are a batch, of which the policy takes one step.

    An episode that goes on beyond the batch ends in its value, so that a critic is fitted too, by one pass.
    """
    config = VPGConfig(
        num_steps=BATCH // 8, phi="reward_to_go", gamma=GAMMA, learning_rate=LEARNING_RATE, value_epochs=1,
        hidden_sizes=(HIDDEN, HIDDEN),
    )  # fmt: skip
    agent = VPG(World("CartPole-v1", 8), config, seed=seed, device="cpu")
    agent.learn(steps)
    return agent
