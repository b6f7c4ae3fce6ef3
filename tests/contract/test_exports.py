"""Whatever is registered becomes a file that says the same, or is refused in one line that names the way out."""

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from recordings import episodes

from palestra.datasets.dataset import Dataset
from palestra.datasets.recorded import MADE
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.exports.artefact import write_function
from palestra.exports.parity import LIMIT
from palestra.learners.registry import LEARNERS, learner_type
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import resolve

SMALL = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 1, "normalize_obs": True, "buffer_size": 64,
    "learning_starts": 8, "batch_size": 8, "train_frequency": 8, "gradient_steps": 1, "hidden_sizes": (16,),
    "noisy": True, "dueling": "mean", "distributional": "c51", "encoder": "fast", "encoder_channels": 4,
}  # fmt: skip
TASKS = ("CartPole-v1", "Pendulum-v1", "FrozenLake-v1", "exports/Eye-v0", "exports/Both-v0", "bandit/bernoulli")
RECORDED = ("CartPole-v1", "Pendulum-v1")
"""Worlds in which something was recorded, for what learns from that."""
NO_FUNCTION = {
    "random": "draws its actions", "expert": "acts by the true state", "decision-transformer": "its whole episode",
    "recurrent-ppo": "its whole episode", "action-chunks": "its whole episode", "diffusion-policy": "its whole episode",
    **dict.fromkeys(("ilqr", "cem", "mppi", "predictive-sampling", "dynamics-ensemble", "pets"), "its whole episode"),
    **dict.fromkeys((name for name in LEARNERS if name.startswith("library-")), "another library"),
    "translator": "one token after another", "association-rules": "its rules one by one",
    **dict.fromkeys(("epsilon-greedy", "ucb", "thompson", "gradient-bandit"), "observes nothing"),
}  # fmt: skip
"""Learners whose every refusal is for this."""
AT_HAND = ("digits", "iris", "diabetes", "toy/baskets", "toy/outliers", "toy/ratings", "dates", "stdlib-source")
"""Data sets that are made, or come with a package."""


class Eye(gym.Env[Any, Any]):
    """Pictures in stacks of two, beside numbers and a mask where ``both``; to be pointed at."""

    def __init__(self, both: bool = False) -> None:
        eye = spaces.Box(0, 255, (2, 12, 12, 1), np.uint8)
        self.action_space = spaces.Discrete(3, start=1) if both else spaces.Box(-2.0, np.array([1.0, 3.0], np.float32))
        mask, body = spaces.MultiBinary(3), spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.both = both
        self.observation_space: Any = spaces.Dict({"eye": eye, "body": body, "action_mask": mask}) if both else eye

    def _seen(self) -> Any:
        eye = self.np_random.integers(256, size=(2, 12, 12, 1), dtype=np.uint8)
        if not self.both:
            return eye
        mask = self.np_random.integers(2, size=3).astype(np.int8)
        mask[self.np_random.integers(3)] = 1
        return {"eye": eye, "body": self.np_random.uniform(-1.0, 1.0, 3).astype(np.float32), "action_mask": mask}

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        return self._seen(), 0.0, bool(self.np_random.random() < 0.2), False, {}

    def expert(self) -> Any:
        return np.zeros(2, np.float32)


@pytest.fixture(autouse=True, scope="module")
def _worlds() -> Iterator[None]:
    for env_id, both in (("exports/Eye-v0", False), ("exports/Both-v0", True)):
        gym.register(env_id, partial(Eye, both))
    for env_id in RECORDED:
        MADE[f"exports/{env_id}"] = partial(episodes, env_id, [6] * 10)
    yield
    for env_id in ("exports/Eye-v0", "exports/Both-v0"):
        del gym.registry[env_id]
    for env_id in RECORDED:
        del MADE[f"exports/{env_id}"]


def learners(name: str) -> Iterator[tuple[str, Learner]]:
    """One of each kind of world that it serves, or one of a recipe on data that are at hand."""
    registered = learner_type(name)
    if issubclass(registered.learner, Predictor):
        fitting = [recipe for recipe in RECIPES.values() if recipe.learner == name and recipe.dataset in AT_HAND]
        for recipe in fitting[:1]:
            yield recipe.id, resolve(recipe).make_learner()
        return
    known = {field.name for field in dataclasses.fields(registered.config_type)}
    settings: dict[str, Any] = {key: value for key, value in SMALL.items() if key in known}
    for env_id in TASKS:
        if "data" in known:
            settings["data"] = f"exports/{env_id if env_id in RECORDED else RECORDED[0]}"
        try:
            yield env_id, registered(World(env_id, 2), registered.config_type(**settings))
        except UsageError:
            continue


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("to", ["onnx", "torch-export"])
def test_it_says_the_same_or_says_why_not(name: str, to: Any, tmp_path: Path) -> None:
    tried = []
    for i, (task, learner) in enumerate(learners(name)):
        for _ in range(2):
            if not learner.finished:
                learner.step()
        if name in NO_FUNCTION:
            with pytest.raises(UsageError, match=f"{NO_FUNCTION[name]}.*--to hub"):
                write_function(learner, to, tmp_path / str(i), name=task)
            tried.append("refused")
        else:
            done = write_function(learner, to, tmp_path / str(i), name=task)
            largest = max(done.facts["trial"]["largest"].values())
            assert largest <= LIMIT
            tried.append(f"{largest:.1e}")
        learner.close()
        print(f"{name} on {task} to {to}: {tried[-1]}")
    assert tried or learner_type(name).learner.learns_from is Dataset  # of some no data are at hand
