"""A small random world for tests: episodes that end and that are cut, chance in every step, no two values alike."""

from typing import Any

import gymnasium as gym
import numpy as np

from palestra.envs.finite.gym_env import FiniteEnv
from palestra.envs.finite.mdp import FiniteMDP, from_arrays

RANDOM, CHAIN = "tabular/Random-v0", "tabular/Chain-v0"


def random_world(states: int = 8, actions: int = 3, seed: int = 0) -> FiniteMDP:
    """Three successors for each pair, the last state terminal, standard normal rewards."""
    rng = np.random.default_rng(seed)
    probability = np.zeros((states, actions, states))
    for s in range(states):
        for a in range(actions):
            probability[s, a, rng.choice(states, 3, replace=False)] = rng.dirichlet(np.ones(3))
    terminal, start = np.zeros(states, dtype=bool), np.ones(states) / (states - 1)
    terminal[-1], start[-1] = True, 0
    return from_arrays(probability, rng.normal(size=(states, actions)), terminal=terminal, start=start)


def chain() -> FiniteMDP:
    """One action, one or two states on, as chance will have it: no state is seen twice in an episode."""
    states, rng = 8, np.random.default_rng(0)
    probability = np.zeros((states, 1, states))
    for s in range(states):
        probability[s, 0, min(s + 1, states - 1)] += 0.5
        probability[s, 0, min(s + 2, states - 1)] += 0.5
    first, terminal = np.eye(states)[0], np.eye(states, dtype=bool)[-1]
    return from_arrays(probability, rng.normal(size=(states, 1, states)), terminal=terminal, start=first)


class Random(FiniteEnv):
    """``random_world``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(random_world(**settings))


class Chain(FiniteEnv):
    """``chain``."""

    def __init__(self) -> None:
        super().__init__(chain())


def register() -> None:
    gym.register(RANDOM, Random, max_episode_steps=12)
    gym.register(CHAIN, Chain)


def unregister() -> None:
    for env_id in (RANDOM, CHAIN):
        del gym.registry[env_id]
