"""Palestra: from the first bandit to a robot arm that sees, on one engine.

``palestra.train("cartpole/ppo")`` trains a recipe and records it as a run; ``palestra.PPO("CartPole-v1")`` gives an
agent to train by hand; ``palestra.load(path)`` gives a saved one back. Every registered learner is here under the name
of its class, its settings as that name with ``Config`` behind it. Names load when they are first used.

Importing makes our environments' ids known to ``gymnasium.make``, for which it imports Gymnasium, but no torch.
"""

import importlib
import os
from typing import Any

if os.name != "posix":
    raise ImportError("palestra needs a POSIX system (Linux, or on Windows its WSL); this Python runs on " + os.name)

from palestra.envs.registration import register_envs
from palestra.learners.registry import LEARNERS, learner_type

__version__ = "0.1.0"

FUNCTIONS = {
    "Callback": "palestra.engine.callbacks",
    "Networks": "palestra.nets.own",
    "compare": "palestra.trials.compare",
    "diagnose_shift": "palestra.ops.shift",
    "estimator": "palestra.engine.estimator",
    "evaluate": "palestra.trials.measuring",
    "export": "palestra.exports.export",
    "import_agent": "palestra.imports.stable_baselines",
    "import_estimator": "palestra.imports.scikit_learn",
    "inverse_kinematics": "palestra.kinematics.inverse",
    "k_fold": "palestra.trials.folds",
    "load": "palestra.trials.saved",
    "load_data": "palestra.datasets.arrays",
    "load_episodes": "palestra.datasets.recorded",
    "make_env": "palestra.trials.saved",
    "make_vec": "palestra.envs.registry",
    "read_robot": "palestra.kinematics.robot_file",
    "record_episodes": "palestra.trials.recording",
    "report": "palestra.trials.report.report",
    "resume": "palestra.trials.train",
    "sweep": "palestra.trials.sweep.sweep",
    "train": "palestra.trials.train",
    "verify": "palestra.trials.verify",
    "watch": "palestra.trials.watching",
}
"""Name to module. Type checkers read ``__init__.pyi``, which ``make docs`` writes from this and from the learners."""
_LEARNERS = {cls: name for name, (_, cls) in LEARNERS.items()}

__all__ = sorted([*FUNCTIONS, *_LEARNERS, *(f"{cls}Config" for cls in _LEARNERS), "__version__"])

register_envs()


def __getattr__(name: str) -> Any:
    if name in FUNCTIONS:
        return getattr(importlib.import_module(FUNCTIONS[name]), name)
    if name in _LEARNERS:
        registered = learner_type(_LEARNERS[name])
        return registered.kind if registered.is_learner else registered
    if name.endswith("Config") and name.removesuffix("Config") in _LEARNERS:
        return learner_type(_LEARNERS[name.removesuffix("Config")]).config_type
    raise AttributeError(f"module 'palestra' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
