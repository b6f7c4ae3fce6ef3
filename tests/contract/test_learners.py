"""What every registered learner keeps: exact state, seeds, evaluation that changes nothing, predictions, files."""

import dataclasses
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

import palestra
from palestra.engine.agent import Agent
from palestra.engine.config import field_docs
from palestra.engine.env_config import EnvConfig
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type
from palestra.runs.codec import decode, encode

SMALL = {
    "num_steps": 8, "minibatch_size": 16, "num_epochs": 2, "normalize_obs": True, "normalize_reward": True,
    "learning_rate_schedule": "linear", "buffer_size": 40, "learning_starts": 8, "batch_size": 8,
    "train_frequency": 16, "gradient_steps": 2, "n_step": 3, "target_update_interval": 24, "hidden_sizes": (8,),
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


ENVS = {"Discrete": "CartPole-v1", "Box": "Pendulum-v1", "MultiDiscrete": "contract/Knobs-v0"}
KINDS = pytest.mark.parametrize("kind", ENVS)
EVERY = pytest.mark.parametrize("name", LEARNERS)


@pytest.fixture(scope="module", autouse=True)
def _knobs() -> Iterator[None]:
    gym.register(ENVS["MultiDiscrete"], Knobs)
    yield
    del gym.registry[ENVS["MultiDiscrete"]]


def make(name: str, kind: str = "Discrete", seed: int = 0) -> Agent:
    """A small learner, or a skip where it has said that it does not serve this kind of action space."""
    cls = learner_type(name)
    fields = {f.name for f in dataclasses.fields(cls.config_type)}
    config = cls.config_type(**{key: value for key, value in SMALL.items() if key in fields})
    try:
        agent = cls(EnvConfig(ENVS[kind], 2), config, seed=seed)
    except UsageError as error:
        if str(gym.make(ENVS[kind]).action_space) not in str(error):
            pytest.fail(f"{name} refuses {kind} spaces without naming this one: {error}")
        pytest.skip(f"{name} does not act in {kind} spaces")
    agent.budget = 1_000
    return agent


def hash_of(agent: Agent) -> str:
    """SHA-256 of a learner's whole state."""
    tensors, tree = encode(agent.state_dict())
    digest = hashlib.sha256(json.dumps(tree).encode())
    for name, tensor in tensors.items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def saved(agent: Agent) -> Any:
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
    assert hashes[0] == hashes[1] != hashes[2]


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
    assert agent.evaluate(episodes=3, seed=1, reference=True).samples.shape == (3,)
    assert torch.equal(agent.evaluate(episodes=3, seed=1).samples, first.samples)
    assert hash_of(agent) == hash_of(untouched)
    assert agent.step() == untouched.step()
    assert hash_of(agent) == hash_of(untouched)


@KINDS
@EVERY
def test_predictions_are_actions_that_the_environment_takes(name: str, kind: str) -> None:
    agent = make(name, kind)
    env = gym.make(ENVS[kind])
    obs, _ = env.reset(seed=0)
    for deterministic in (True, False):
        one = agent.predict(obs, deterministic=deterministic)
        assert env.action_space.contains(one)
        assert type(one) is int if kind == "Discrete" else one.dtype == env.action_space.dtype
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
    space = agent.env.observation_space
    obs = np.random.default_rng(0).normal(size=(50, *space.shape)).astype(np.float32)
    np.testing.assert_array_equal(loaded.predict(obs), agent.predict(obs))


@EVERY
def test_metrics_are_named_numbers(name: str) -> None:
    agent = make(name)
    for _ in range(6):
        for key, number in agent.step().items():
            assert key.startswith("train/")
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
