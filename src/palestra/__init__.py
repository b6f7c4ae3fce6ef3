"""Palestra: from the first bandit to a robot arm that sees, on one engine.

``palestra.train("cartpole/ppo")`` trains a recipe and records it as a run; ``palestra.PPO("CartPole-v1")`` gives an
agent to train by hand; ``palestra.load(path)`` gives a saved one back. Names load when they are first used, so that
importing the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from palestra.envs.registry import make_vec as make_vec
    from palestra.learners.deep.dqn import DQN as DQN
    from palestra.learners.deep.dqn import DQNConfig as DQNConfig
    from palestra.learners.deep.ppo import PPO as PPO
    from palestra.learners.deep.ppo import PPOConfig as PPOConfig
    from palestra.recipes.saved import evaluate as evaluate
    from palestra.recipes.saved import load as load
    from palestra.recipes.train import resume as resume
    from palestra.recipes.train import train as train

_WHERE = {
    "DQN": "palestra.learners.deep.dqn",
    "DQNConfig": "palestra.learners.deep.dqn",
    "PPO": "palestra.learners.deep.ppo",
    "PPOConfig": "palestra.learners.deep.ppo",
    "evaluate": "palestra.recipes.saved",
    "load": "palestra.recipes.saved",
    "make_vec": "palestra.envs.registry",
    "resume": "palestra.recipes.train",
    "train": "palestra.recipes.train",
}

__all__ = sorted([*_WHERE, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'palestra' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
