"""What every registered learner keeps: exact state, seeds, evaluation that changes nothing, predictions, files."""

import contextlib
import dataclasses
import functools
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from matrix import slow_but
from small_learners import SMALL, TASKS, construct
from states import hash_of, lines_of_two_processes, saved

import palestra
from palestra.engine.agent import Actor, Agent
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import field_docs
from palestra.engine.state import adopt, undeclared
from palestra.envs.spaces import AdaptedObservation, adapted_observation_space
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type

CUT = 20
"""Steps after which an episode of an evaluation is over here, as far as it is not by itself."""
SHORT = {
    key: SMALL[key]
    for key in (
        "num_steps", "minibatch_size", "num_epochs", "learning_starts", "batch_size", "train_frequency", "width",
        "heads", "blocks", "context", "batches_per_step", "data",
    )
}  # fmt: skip


@functools.cache
def served(name: str) -> tuple[str, ...]:
    """The kinds of task that a learner serves."""
    kinds = []
    for kind in TASKS:
        with contextlib.suppress(UsageError):
            construct(name, kind).close()
            kinds.append(kind)
    return tuple(kinds)


def spaces(env_id: str) -> list[gym.Space]:
    if env_id.startswith("bandit/"):
        return []
    env = gym.make(env_id)
    env.close()
    return [env.observation_space, env.action_space]


def acts(name: str) -> bool:
    """Whether it is asked for actions, by what is observed: no bandit, and not the expert."""
    return issubclass(learner_type(name).learner, Agent) and name != "expert"


ACTING = [name for name in LEARNERS if not issubclass(learner_type(name).learner, Predictor)]
"""Those in worlds; what fits data is in ``test_paradigms``."""
LEARNING = [name for name in ACTING if learner_type(name).learner is not Actor]
"""Those that learn; a policy goes straight to its evaluation."""
EVERY = pytest.mark.parametrize("name", ACTING)
EVERY_LEARNING = pytest.mark.parametrize("name", LEARNING)
EACH = pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in ACTING for kind in served(name)])
EACH_LEARNING = pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in LEARNING for kind in served(name)])
EACH_ACTING = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in ACTING if acts(name) for kind in served(name)]
)


def make(name: str, kind: str | None = None, seed: int = 0, small: dict[str, Any] = SMALL) -> Learner:
    """A small learner, on the first task that it serves if none is named."""
    return construct(name, kind or served(name)[0], seed, small=small)


@EVERY
def test_it_serves_something_and_a_refusal_names_what_was_given(name: str) -> None:
    assert served(name)
    for kind in sorted(set(TASKS) - set(served(name))):
        with pytest.raises(UsageError) as refusal:
            construct(name, kind)
        given = [TASKS[kind], *map(str, spaces(TASKS[kind]))]
        assert any(text in str(refusal.value) for text in given), str(refusal.value)


def draws(learner: Learner) -> bool:
    """Whether it has anything random; dynamic programming has nothing."""
    return not hasattr(learner.policy, "dynamics") if isinstance(learner, Agent) else True


def global_numpy_state() -> str:
    return str(np.random.get_state())  # noqa: NPY002 - the global generator is what must not move


@EACH_LEARNING
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


@EACH
def test_all_that_a_step_may_depend_on_is_declared(name: str, kind: str) -> None:
    learner = make(name, kind)
    assert undeclared(learner) == []
    learner.step()
    learner.evaluate(episodes=2, max_steps=CUT)
    assert undeclared(learner) == []


@EACH_LEARNING
def test_another_training_begins_with_all_that_its_policy_acts_by(name: str, kind: str) -> None:
    agent, other = make(name, kind), make(name, kind, seed=1)
    for _ in range(3):
        agent.step()
    taken = adopt(other, saved(agent))
    assert bool(taken) == (kind not in ("bandit", "drifting"))
    assert (other.clock, other.finished) == (0, False)
    if acts(name):
        space = agent.observation_space
        obs = np.random.default_rng(0).normal(size=(50, *space.shape)).astype(space.dtype)
        np.testing.assert_array_equal(other.predict(obs), agent.predict(obs))
    other.step()


@EVERY_LEARNING
def test_a_learner_never_stepped_can_be_saved_too(name: str) -> None:
    agent, resumed = make(name), make(name, seed=1)
    assert resumed.load_state_dict(saved(agent)) == []
    assert resumed.step() == agent.step()
    assert hash_of(resumed) == hash_of(agent)


@EACH_LEARNING
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
    agent.evaluate(episodes=2, seed=0, max_steps=CUT)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert global_numpy_state() == before[1]


@EACH
def test_evaluation_leaves_the_learner_as_it_was(name: str, kind: str) -> None:
    agent, untouched = make(name, kind), make(name, kind)
    agent.step()
    untouched.step()
    first = agent.evaluate(episodes=3, seed=1, max_steps=CUT)
    reference = agent.evaluate(episodes=3, seed=1, max_steps=CUT, reference=True)
    assert agent.headline in reference.metrics
    if isinstance(agent, Agent):
        assert reference.samples.shape == (3,)
    assert torch.equal(agent.evaluate(episodes=3, seed=1, max_steps=CUT).samples, first.samples)
    assert hash_of(agent) == hash_of(untouched)
    assert agent.step() == untouched.step()
    assert hash_of(agent) == hash_of(untouched)


@EACH_ACTING
def test_predictions_are_actions_that_the_environment_takes(name: str, kind: str) -> None:
    agent = make(name, kind)
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


@EACH
def test_a_saved_learner_loads_and_predicts_the_same(name: str, kind: str, tmp_path: Path) -> None:
    agent = make(name, kind)
    for _ in range(3):
        agent.step()
    loaded = palestra.load(agent.save(tmp_path / "agent"))
    assert type(loaded) is type(agent)
    assert (loaded.clock, loaded.config, hash_of(loaded)) == (agent.clock, agent.config, hash_of(agent))
    if not acts(name):
        return
    space = agent.observation_space
    obs = np.random.default_rng(0).normal(size=(50, *space.shape)).astype(np.float32)
    if space.dtype == np.uint8:
        obs = (100 * np.abs(obs)).clip(0, 255).astype(np.uint8)
    np.testing.assert_array_equal(loaded.predict(obs), agent.predict(obs))


@pytest.mark.parametrize(
    ("name", "settings"),
    slow_but([(name, SMALL) for name in LEARNING], [(name, each) for name in LEARNING for each in ({}, SMALL)]),
)
def test_what_depends_on_the_budget_is_named(name: str, settings: dict) -> None:
    config_type = learner_type(name).config_type
    hashes = set()
    for budget in (64, 1_000_000):
        agent = make(name, small=SHORT | settings)
        agent.budget = budget
        for _ in range(12):
            agent.step()
        hashes.add(hash_of(agent))
    assert (len(hashes) > 1) <= bool(agent.config.schedules())
    assert {*agent.config.schedules()} <= {field.name for field in dataclasses.fields(config_type)}


@EVERY_LEARNING
def test_metrics_are_named_numbers(name: str) -> None:
    agent = make(name)
    for _ in range(6):
        for key, number in agent.step().items():
            assert key.startswith(("train/", "value/"))
            assert type(number) is float


@EVERY
def test_it_is_registered_under_its_own_name_and_its_settings_are_explained(name: str) -> None:
    cls = learner_type(name)
    assert cls.name == cls.kind.name == name
    fields = [f.name for f in dataclasses.fields(cls.config_type)]
    assert list(field_docs(cls.config_type)) == fields
    assert cls.config_type() == cls.config_type()  # every setting has a default


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown algorithm 'pp0'; nearest: ppo"):
        learner_type("pp0")


def print_hashes() -> None:
    """Of every learner after three steps; run in processes of their own by the test below."""
    for name in LEARNING:
        agent = make(name)
        for _ in range(3):
            agent.step()
        print(name, hash_of(agent))


def test_the_result_is_the_same_in_every_process() -> None:
    assert [line.split()[0] for line in lines_of_two_processes(__file__)] == LEARNING
