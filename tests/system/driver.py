"""The tests' side of ``kill_driver``, and the two trainings that most of them are about."""

import dataclasses
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dot  # noqa: F401 - registers its world

from palestra.engine.learner import Learner
from palestra.engine.settings import build
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import learner_type

BUDGET = {"ppo": 14_336, "dqn": 4_480}
CONFIG: dict[str, dict[str, Any]] = {
    "ppo": {
        "algo": "ppo",
        "num_envs": 16,
        "log_every": 1_536,  # neither this nor eval_every divides the budget: both are due once more at its end
        "eval_every": 4_608,
        "settings": {"num_steps": 32, "minibatch_size": 128, "num_epochs": 2, "learning_rate": 3e-3, "gamma": 0.98},
    },
    "dqn": {
        "algo": "dqn",
        "num_envs": 1,
        "log_every": 192,
        "eval_every": 1_000,
        "settings": {
            "train_frequency": 64,
            "gradient_steps": 8,
            "learning_starts": 500,
            "buffer_size": 3_000,  # wraps around before the end
            "hidden_sizes": [64, 64],
            "learning_rate": 2e-3,
            "target_update_interval": 200,
        },
    },
}


def config(learner: str, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """A training on CartPole of a second with ten or more checkpoints: what ``kill_driver`` takes."""
    common = {"seed": seed, "budget": BUDGET[learner], "eval_count": 10, "checkpoint_every": 0.02}
    return {**common, "env_id": "CartPole-v1", "tensorboard": False, **CONFIG[learner], **changes}


REMEMBERING: dict[str, Any] = {
    "algo": "recurrent-ppo",
    "env_id": "palestra/TMaze-v0",
    "num_envs": 8,
    "seed": 0,
    "budget": 512,
    "log_every": 96,
    "eval_every": 256,
    "eval_count": 4,
    "checkpoint_every": 0.0,
    "tensorboard": False,
    "settings": {"num_steps": 4, "minibatch_size": 16, "num_epochs": 2, "memory_size": 8, "hidden_sizes": [8]},
}
"""A sign is remembered for ten steps and more, and every fourth one is a checkpoint, in the middle of most episodes."""

TASKS = ("CartPole-v1", "Pendulum-v1", "system/Dot-v0", "FrozenLake-v1", "bandit/bernoulli", "bandit/drifting")
"""One of these every learner serves."""
SMALL: dict[str, Any] = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 2, "buffer_size": 100, "learning_starts": 16, "batch_size": 16,
    "train_frequency": 16, "gradient_steps": 2, "target_update_interval": 24, "hidden_sizes": [16, 16],
    "views": 2, "encoder_channels": 4, "width": 8, "heads": 2, "blocks": 1, "context": 2, "batches_per_step": 2,
}  # fmt: skip
"""Settings by name, for whichever learner has them."""


def small(learner: str) -> dict[str, Any]:
    """A training of 16 steps of any learner that is registered, on the first task that it serves."""
    made = make_small(learner)
    made.step()
    step = made.clock
    made.close()
    budget = 16 * step
    return {
        "algo": learner,
        "env_id": made.source.id,
        "num_envs": made.source.num_envs,
        "budget": budget,
        "settings": _small_settings(learner),
        "log_every": 3 * step,
        "eval_every": 6 * step,
        "eval_count": 3,
        "eval_max_steps": 20,
        "checkpoint_every": 0.0,
        "tensorboard": False,
    }


def make_small(learner: str) -> Learner:
    """That learner itself."""
    cls = learner_type(learner)
    config = build(cls.config_type, _small_settings(learner))
    for env_id in TASKS:
        with suppress(UsageError):
            return cls(World(env_id, 2), config)
    raise AssertionError(f"{learner} serves none of {TASKS}")


def _small_settings(learner: str) -> dict[str, Any]:
    fields = {field.name for field in dataclasses.fields(learner_type(learner).config_type)}
    return {name: value for name, value in SMALL.items() if name in fields}


def commanded(learner: str, **changes: Any) -> dict[str, Any]:
    """The same as ``palestra train`` can be told to train it, which logs as often as it likes."""
    return config(learner, log_every=0, **changes)


class Driver:
    """The process that trains and kills; see ``kill_driver``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("kill_driver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # the toys too
        )
        self._whole: dict[str, SimpleNamespace] = {}
        self._folders = 0

    def ask(self, **request: Any) -> Any:
        """The answer to one request."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def new_folder(self) -> str:
        """A folder for runs that nobody else uses."""
        self._folders += 1
        return str(self.folder / str(self._folders))

    def chain(self, config: dict[str, Any], **request: Any) -> SimpleNamespace:
        """One training, killed as the request says; its ``run`` is a path."""
        answer = SimpleNamespace(**self.ask(**{"out": self.new_folder(), "config": config, **request}))
        answer.run = Path(answer.run)
        return answer

    def whole(self, config: dict[str, Any]) -> SimpleNamespace:
        """The same training, never killed."""
        key = json.dumps(config)
        if key not in self._whole:
            self._whole[key] = self.chain(config, plans=[])
            assert self._whole[key].error is None
        return self._whole[key]
