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
    from palestra.learners.off_policy.ddpg import DDPG as DDPG
    from palestra.learners.off_policy.ddpg import DDPGConfig as DDPGConfig
    from palestra.learners.off_policy.discrete_sac import DiscreteSAC as DiscreteSAC
    from palestra.learners.off_policy.discrete_sac import DiscreteSACConfig as DiscreteSACConfig
    from palestra.learners.off_policy.dqn import DQN as DQN
    from palestra.learners.off_policy.dqn import DQNConfig as DQNConfig
    from palestra.learners.off_policy.drq import DrQ as DrQ
    from palestra.learners.off_policy.drq import DrQConfig as DrQConfig
    from palestra.learners.off_policy.sac import SAC as SAC
    from palestra.learners.off_policy.sac import SACConfig as SACConfig
    from palestra.learners.off_policy.td3 import TD3 as TD3
    from palestra.learners.off_policy.td3 import TD3Config as TD3Config
    from palestra.learners.on_policy.a2c import A2C as A2C
    from palestra.learners.on_policy.a2c import A2CConfig as A2CConfig
    from palestra.learners.on_policy.ppo import PPO as PPO
    from palestra.learners.on_policy.ppo import PPOConfig as PPOConfig
    from palestra.learners.on_policy.trpo import TRPO as TRPO
    from palestra.learners.on_policy.trpo import TRPOConfig as TRPOConfig
    from palestra.learners.on_policy.vpg import VPG as VPG
    from palestra.learners.on_policy.vpg import VPGConfig as VPGConfig
    from palestra.trials.compare import compare as compare
    from palestra.trials.saved import evaluate as evaluate
    from palestra.trials.saved import load as load
    from palestra.trials.train import resume as resume
    from palestra.trials.train import train as train
    from palestra.trials.verify import verify as verify

_WHERE = {
    "A2C": "palestra.learners.on_policy.a2c",
    "A2CConfig": "palestra.learners.on_policy.a2c",
    "DDPG": "palestra.learners.off_policy.ddpg",
    "DDPGConfig": "palestra.learners.off_policy.ddpg",
    "DiscreteSAC": "palestra.learners.off_policy.discrete_sac",
    "DiscreteSACConfig": "palestra.learners.off_policy.discrete_sac",
    "DrQ": "palestra.learners.off_policy.drq",
    "DrQConfig": "palestra.learners.off_policy.drq",
    "SAC": "palestra.learners.off_policy.sac",
    "SACConfig": "palestra.learners.off_policy.sac",
    "TD3": "palestra.learners.off_policy.td3",
    "TD3Config": "palestra.learners.off_policy.td3",
    "TRPO": "palestra.learners.on_policy.trpo",
    "TRPOConfig": "palestra.learners.on_policy.trpo",
    "VPG": "palestra.learners.on_policy.vpg",
    "VPGConfig": "palestra.learners.on_policy.vpg",
    "DQN": "palestra.learners.off_policy.dqn",
    "DQNConfig": "palestra.learners.off_policy.dqn",
    "PPO": "palestra.learners.on_policy.ppo",
    "PPOConfig": "palestra.learners.on_policy.ppo",
    "compare": "palestra.trials.compare",
    "evaluate": "palestra.trials.saved",
    "load": "palestra.trials.saved",
    "make_vec": "palestra.envs.registry",
    "resume": "palestra.trials.train",
    "train": "palestra.trials.train",
    "verify": "palestra.trials.verify",
}

__all__ = sorted([*_WHERE, "__version__"])


register_when_gymnasium_is_imported()


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'palestra' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
