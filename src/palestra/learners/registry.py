"""Which learners there are. A line here makes one known to the command line, to recipes and to the contract tests."""

import importlib
from typing import Any

from palestra.engine.learner import Learner
from palestra.errors import unknown_name

LEARNERS = {
    "random": ("palestra.learners.random", "Random"),
    "ppo": ("palestra.learners.deep.ppo", "PPO"),
    "dqn": ("palestra.learners.deep.dqn", "DQN"),
}
"""Name to module and class. Only what stands here is ever imported, whatever a config file says."""


def learner_type(name: str) -> type[Any]:
    """The class registered under a name."""
    if name not in LEARNERS:
        raise unknown_name("algorithm", name, LEARNERS)
    module, attribute = LEARNERS[name]
    cls = getattr(importlib.import_module(module), attribute)
    assert isinstance(cls, type)
    assert issubclass(cls, Learner)
    return cls
