"""Palestra: from the first bandit to a robot arm that sees, on one engine.

``palestra.train("cartpole/ppo")`` trains a recipe and records it as a run; ``palestra.PPO("CartPole-v1")`` gives an
agent to train by hand; ``palestra.load(path)`` gives a saved one back. Names load when they are first used, so that
importing the package costs nothing. It makes the arm's ids known to ``gymnasium.make``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from palestra.envs.arm.registration import register_when_gymnasium_is_imported

__version__ = "0.1.0"

if TYPE_CHECKING:
    from palestra.envs.registry import make_vec as make_vec
    from palestra.learners.deep.a2c import A2C as A2C
    from palestra.learners.deep.a2c import A2CConfig as A2CConfig
    from palestra.learners.deep.ddpg import DDPG as DDPG
    from palestra.learners.deep.ddpg import DDPGConfig as DDPGConfig
    from palestra.learners.deep.discrete_sac import DiscreteSAC as DiscreteSAC
    from palestra.learners.deep.discrete_sac import DiscreteSACConfig as DiscreteSACConfig
    from palestra.learners.deep.dqn import DQN as DQN
    from palestra.learners.deep.dqn import DQNConfig as DQNConfig
    from palestra.learners.deep.drq import DrQ as DrQ
    from palestra.learners.deep.drq import DrQConfig as DrQConfig
    from palestra.learners.deep.ppo import PPO as PPO
    from palestra.learners.deep.ppo import PPOConfig as PPOConfig
    from palestra.learners.deep.sac import SAC as SAC
    from palestra.learners.deep.sac import SACConfig as SACConfig
    from palestra.learners.deep.td3 import TD3 as TD3
    from palestra.learners.deep.td3 import TD3Config as TD3Config
    from palestra.learners.deep.trpo import TRPO as TRPO
    from palestra.learners.deep.trpo import TRPOConfig as TRPOConfig
    from palestra.learners.deep.vpg import VPG as VPG
    from palestra.learners.deep.vpg import VPGConfig as VPGConfig
    from palestra.recipes.compare import compare as compare
    from palestra.recipes.saved import evaluate as evaluate
    from palestra.recipes.saved import load as load
    from palestra.recipes.train import resume as resume
    from palestra.recipes.train import train as train
    from palestra.recipes.verify import verify as verify

_WHERE = {
    "A2C": "palestra.learners.deep.a2c",
    "A2CConfig": "palestra.learners.deep.a2c",
    "DDPG": "palestra.learners.deep.ddpg",
    "DDPGConfig": "palestra.learners.deep.ddpg",
    "DiscreteSAC": "palestra.learners.deep.discrete_sac",
    "DiscreteSACConfig": "palestra.learners.deep.discrete_sac",
    "DrQ": "palestra.learners.deep.drq",
    "DrQConfig": "palestra.learners.deep.drq",
    "SAC": "palestra.learners.deep.sac",
    "SACConfig": "palestra.learners.deep.sac",
    "TD3": "palestra.learners.deep.td3",
    "TD3Config": "palestra.learners.deep.td3",
    "TRPO": "palestra.learners.deep.trpo",
    "TRPOConfig": "palestra.learners.deep.trpo",
    "VPG": "palestra.learners.deep.vpg",
    "VPGConfig": "palestra.learners.deep.vpg",
    "DQN": "palestra.learners.deep.dqn",
    "DQNConfig": "palestra.learners.deep.dqn",
    "PPO": "palestra.learners.deep.ppo",
    "PPOConfig": "palestra.learners.deep.ppo",
    "compare": "palestra.recipes.compare",
    "evaluate": "palestra.recipes.saved",
    "load": "palestra.recipes.saved",
    "make_vec": "palestra.envs.registry",
    "resume": "palestra.recipes.train",
    "train": "palestra.recipes.train",
    "verify": "palestra.recipes.verify",
}

__all__ = sorted([*_WHERE, "__version__"])


register_when_gymnasium_is_imported()


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'palestra' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
