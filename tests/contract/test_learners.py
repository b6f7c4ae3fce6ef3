"""What every registered learner keeps: exact state, seeds, evaluation that changes nothing, predictions, files."""

import dataclasses
import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from palestra.engine.configured import Configured
from palestra.learners.dynamic.dynamic_program import DynamicProgram

import palestra
from palestra.engine.agent import Agent
from palestra.engine.settings import field_docs
from palestra.envs.spaces import AdaptedObservation, adapted_observation_space
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.policies.expert import Expert
from palestra.runs.codec import decode, encode

SMALL = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 2, "normalize_obs": True, "normalize_reward": True,
    "learning_rate_schedule": "linear", "buffer_size": 40, "learning_starts": 8, "batch_size": 8,
    "train_frequency": 16, "gradient_steps": 2, "n_step": 3, "target_update_interval": 24, "hidden_sizes": (8,),
    "views": 2, "encoder_channels": 4,
}  # fmt: skip
"""Settings by name, for whichever learner has them: small, and with everything on that has a state of its own."""


class Knobs(gym.Env):
    """Two knobs to be turned to the positions shown."""

    observation_space = gym.spaces.Box(0, 2, (2,))
    action_space = gym.spaces.MultiDiscrete([2, 3])

    def _show(self) -> np.ndarray:
        self._wanted = self.np_random.integers([2, 3])
        return self._wanted.astype(np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        reward = float((action == self._wanted).mean())
        return self._show(), reward, bool(self.np_random.random() < 0.2), False, {}


class Dot(gym.Env):
    """An image of a dot, to be pointed at; it has an expert."""

    observation_space = gym.spaces.Box(0, 255, (12, 12, 1), np.uint8)
    action_space = gym.spaces.Box(-1, 1, (2,))

    def _show(self) -> np.ndarray:
        self._place = self.np_random.integers(12, size=2)
        image = np.zeros((12, 12, 1), np.uint8)
        image[*self._place] = 255
        return image

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        return self._show(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        reward = -float(np.abs(action - self.expert()).sum())
        return self._show(), reward, bool(self.np_random.random() < 0.2), False, {}

    def expert(self) -> np.ndarray:
        return self._place / 5.5 - 1


ENVS = {"Discrete": "CartPole-v1", "Box": "Pendulum-v1", "MultiDiscrete": "contract/Knobs-v0"}
OTHER_TASKS = {
    "images": "contract/Dot-v0", "finite": "FrozenLake-v1", "bandit": "bandit/bernoulli", "drifting": "bandit/drifting",
}  # fmt: skip
"""Tried only with learners that serve none of the above."""
TASKS = {**ENVS, **OTHER_TASKS}
KINDS = pytest.mark.parametrize("kind", TASKS)
EVERY = pytest.mark.parametrize("name", LEARNERS)


OWN = {ENVS["MultiDiscrete"]: Knobs, OTHER_TASKS["images"]: Dot}


def register_own() -> None:
    for env_id, kind in OWN.items():
        gym.register(env_id, kind)


@pytest.fixture(scope="module", autouse=True)
def _own_envs() -> Iterator[None]:
    register_own()
    yield
    for env_id in OWN:
        del gym.registry[env_id]


def construct(name: str, kind: str, seed: int = 0) -> Configured:
    """A small learner; UsageError where it does not serve this kind of task."""
    cls = learner_type(name)
    fields = {f.name for f in dataclasses.fields(cls.config_type)}
    config = cls.config_type(**{key: value for key, value in SMALL.items() if key in fields})
    learner = cls(World(TASKS[kind], 2), config, seed=seed)
    learner.budget = 1_000
    return learner


@functools.cache
def served(name: str) -> list[str]:
    """The kinds of task that a learner serves. A refusal has to name what it was given."""
    kinds = []
    for kind, env_id in TASKS.items():
        if kind in OTHER_TASKS and set(kinds) & set(ENVS):
            break
        try:
            construct(name, kind).close()
            kinds.append(kind)
        except UsageError as error:
            given = [env_id, *map(str, spaces(env_id))]
            if not any(text in str(error) for text in given):
                pytest.fail(f"{name} refuses {kind} without naming it: {error}")
    assert kinds, f"{name} serves none of {list(TASKS)}"
    return kinds


def spaces(env_id: str) -> list[gym.Space]:
    if env_id.startswith("bandit/"):
        return []
    env = gym.make(env_id)
    env.close()
    return [env.observation_space, env.action_space]


def make(name: str, kind: str | None = None, seed: int = 0) -> Configured:
    """A small learner, on the first task that it serves if none is named; a skip where it does not serve it."""
    if kind is not None and kind not in served(name):
        pytest.skip(f"{name} does not serve {kind} tasks")
    return construct(name, kind or served(name)[0], seed)


def make_agent(name: str, kind: str) -> Agent:
    """The same, or a skip for what does not act."""
    learner = make(name, kind)
    if not acts_by_what_it_sees(learner):
        pytest.skip(f"{name} does not act in an environment, or not by what is observed")
    assert isinstance(learner, Agent)
    return learner


def acts_by_what_it_sees(learner: Configured) -> bool:
    """Whether it is an agent, and not the expert, who is asked about the true state."""
    return isinstance(learner, Agent) and not isinstance(learner, Expert)


def draws(learner: Configured) -> bool:
    """Whether it has anything random."""
    acts = isinstance(learner, Agent) and not isinstance(learner, DynamicProgram)
    return acts or any(isinstance(value, torch.Generator) for value in vars(learner).values())


def hash_of(agent: Configured) -> str:
    """SHA-256 of a learner's whole state."""
    tensors, tree = encode(agent.state_dict())
    digest = hashlib.sha256(json.dumps(tree).encode())
    for name, tensor in tensors.items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def saved(agent: Configured) -> Any:
    """A learner's state as a file would give it back."""
    tensors, tree = encode(agent.state_dict())
    return decode({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(tree)))


def global_numpy_state() -> str:
    return str(np.random.get_state())  # noqa: NPY002 - the global generator is what must not move


@KINDS
@EVERY
def test_a_restored_learner_goes_on_bit_for_bit(name: str, kind: str) -> None:
    agent = make(name, kind)
    for _ in range(3):
        agent.step()
    resumed = make(name, kind, seed=1)
    resumed.step()
    assert resumed.load_state_dict(saved(agent)) == []
    assert hash_of(resumed) == hash_of(agent)
    for _ in range(3):
        assert resumed.step() == agent.step()
        assert hash_of(resumed) == hash_of(agent)


@EVERY
def test_a_learner_never_stepped_can_be_saved_too(name: str) -> None:
    agent, resumed = make(name), make(name, seed=1)
    assert resumed.load_state_dict(saved(agent)) == []
    assert resumed.step() == agent.step()
    assert hash_of(resumed) == hash_of(agent)


@KINDS
@EVERY
def test_the_seed_alone_decides(name: str, kind: str) -> None:
    torch.rand(1)  # what others draw from the global generator does not matter
    hashes = []
    for seed in (0, 0, 1):
        agent = make(name, kind, seed)
        for _ in range(3):
            agent.step()
        hashes.append(hash_of(agent))
    assert hashes[0] == hashes[1]
    assert (hashes[0] != hashes[2]) == draws(agent)


@EVERY
def test_training_leaves_the_global_generators_alone(name: str) -> None:
    before = torch.random.get_rng_state(), global_numpy_state()
    agent = make(name)
    for _ in range(3):
        agent.step()
    agent.evaluate(episodes=2, seed=0)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert global_numpy_state() == before[1]


@KINDS
@EVERY
def test_evaluation_leaves_the_learner_as_it_was(name: str, kind: str) -> None:
    agent, untouched = make(name, kind), make(name, kind)
    agent.step()
    untouched.step()
    first = agent.evaluate(episodes=3, seed=1)
    reference = agent.evaluate(episodes=3, seed=1, reference=True)
    assert agent.headline in reference.metrics
    if isinstance(agent, Agent):
        assert reference.samples.shape == (3,)
    assert torch.equal(agent.evaluate(episodes=3, seed=1).samples, first.samples)
    assert hash_of(agent) == hash_of(untouched)
    assert agent.step() == untouched.step()
    assert hash_of(agent) == hash_of(untouched)


@KINDS
@EVERY
def test_predictions_are_actions_that_the_environment_takes(name: str, kind: str) -> None:
    agent = make_agent(name, kind)
    env = gym.make(TASKS[kind])
    space, convert = adapted_observation_space(env.observation_space, TASKS[kind])
    env = env if convert is None else AdaptedObservation(env, space, convert)  # predict takes what the contract shows
    obs, _ = env.reset(seed=0)
    for deterministic in (True, False):
        one = agent.predict(obs, deterministic=deterministic)
        assert env.action_space.contains(one)
        discrete = isinstance(env.action_space, gym.spaces.Discrete)
        assert type(one) is int if discrete else one.dtype == env.action_space.dtype
        batch = agent.predict(np.stack([obs] * 5), deterministic=deterministic)
        assert isinstance(batch, np.ndarray)
        assert batch.shape == (5, *env.action_space.shape)
        assert all(env.action_space.contains(row) for row in batch)
        obs, *_ = env.step(one)
    env.close()


@KINDS
@EVERY
def test_a_saved_learner_loads_and_predicts_the_same(name: str, kind: str, tmp_path: Path) -> None:
    agent = make(name, kind)
    for _ in range(3):
        agent.step()
    loaded = palestra.load(agent.save(tmp_path / "agent"))
    assert type(loaded) is type(agent)
    assert (loaded.clock, loaded.config, hash_of(loaded)) == (agent.clock, agent.config, hash_of(agent))
    if not acts_by_what_it_sees(agent):
        return
    space = agent.env.observation_space
    obs = np.random.default_rng(0).normal(size=(50, *space.shape)).astype(np.float32)
    if space.dtype == np.uint8:
        obs = (100 * np.abs(obs)).clip(0, 255).astype(np.uint8)
    np.testing.assert_array_equal(loaded.predict(obs), agent.predict(obs))


@EVERY
def test_metrics_are_named_numbers(name: str) -> None:
    agent = make(name)
    for _ in range(6):
        for key, number in agent.step().items():
            assert key.startswith(("train/", "value/"))
            assert type(number) is float


@EVERY
def test_it_is_registered_under_its_own_name_and_its_settings_are_explained(name: str) -> None:
    cls = learner_type(name)
    assert cls.name == name
    fields = [f.name for f in dataclasses.fields(cls.config_type)]
    assert list(field_docs(cls.config_type)) == fields
    assert cls.config_type() == cls.config_type()  # every setting has a default


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown algorithm 'pp0'; nearest: ppo"):
        learner_type("pp0")


def print_hashes() -> None:
    """Of every learner after three steps; run in processes of their own by the test below."""
    register_own()
    for name in LEARNERS:
        agent = make(name)
        for _ in range(3):
            agent.step()
        print(name, hash_of(agent))


def test_the_result_is_the_same_in_every_process() -> None:
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(0, {here!r}); import test_learners; test_learners.print_hashes()"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        )
        for seed in ("0", "1", "12345")
    ]  # fmt: skip
    printed = {process.communicate(timeout=120)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(printed) == 1
    assert [line.split()[0] for line in printed.pop().splitlines()] == list(LEARNERS)
