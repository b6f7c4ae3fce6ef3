"""Every pair of observations and actions with every learner: taken, it trains, predicts, is evaluated; or refused."""

import dataclasses
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector.utils import batch_space, iterate
from matrix import slow_but

from pages.spaces import ACTIONS, ENV, LETTERS, OBSERVATIONS, acting, made, taken, world
from palestra.engine.agent import Actor, Agent
from palestra.errors import UsageError
from palestra.learners.registry import learner_type

SMALL = {
    "num_steps": 8, "minibatch_size": 8, "num_epochs": 1, "buffer_size": 64, "learning_starts": 4, "batch_size": 4,
    "train_frequency": 4, "gradient_steps": 1, "hidden_sizes": (8,), "encoder_channels": 4, "width": 8, "heads": 2,
    "blocks": 1, "context": 2, "batches_per_step": 2, "horizon": 8, "samples": 4, "elites": 2,
    "iterations": 1,
}  # fmt: skip
FAMILIES = {
    "random": dict.fromkeys(OBSERVATIONS, "DMBC"),
    "expert": dict.fromkeys(OBSERVATIONS, "C"),
    "policies": {},
    "dynamic": {"Discrete": "D"},
    "on_policy": dict.fromkeys(OBSERVATIONS, "DMBCU"),
    "off_policy": dict.fromkeys(OBSERVATIONS, "C"),
    "dqn": dict.fromkeys(OBSERVATIONS, "D"),
    "pqn": dict.fromkeys(OBSERVATIONS, "D"),
    "discrete_sac": dict.fromkeys(OBSERVATIONS, "D"),
    "drq": {"pictures": "C", "pictures and numbers": "C"},
    "dagger": dict.fromkeys(OBSERVATIONS, "C"),
    "td3_bc": dict.fromkeys(OBSERVATIONS, "C"),
    "behaviour_cloning": dict.fromkeys(OBSERVATIONS, "DMBC"),
    "action_chunks": {kind: "C" for kind in OBSERVATIONS if "pictures" not in kind},
    "diffusion_policy": {kind: "C" for kind in OBSERVATIONS if "pictures" not in kind},
    "decision_transformer": {kind: "DMBC" for kind in OBSERVATIONS if "pictures" not in kind},
    "models": dict.fromkeys(("Discrete", "MultiDiscrete", "MultiBinary", "Tuple, Dict of counts", "Tuple, Dict"), "C"),
    "tabular": dict.fromkeys(("Discrete", "MultiDiscrete", "MultiBinary", "Tuple, Dict of counts"), "D"),
}
"""What has to be taken, by the module or the room of the learner."""
EVERY = pytest.mark.parametrize("name", acting())


def family(name: str) -> str:
    """The module or the room of a learner, whichever stands in ``FAMILIES``."""
    room, module = learner_type(name).kind.__module__.split(".")[-2:]
    return module if FAMILIES.get(module) else room


ONE_EACH = {family(name): name for name in reversed(acting())}.values()
"""A learner of each family, which works in every run of the tests; the others do in the slow ones."""


def settings(name: str) -> dict[str, Any]:
    fields = {f.name for f in dataclasses.fields(learner_type(name).config_type)}
    return {key: value for key, value in SMALL.items() if key in fields}


@EVERY
def test_every_cell_of_the_table_is_what_it_should_be(name: str) -> None:
    expected = FAMILIES[family(name)]
    assert taken(name) == {observation: expected.get(observation, "") for observation in OBSERVATIONS}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", slow_but(ONE_EACH, acting()))
def test_what_is_taken_works_and_what_is_not_is_refused_in_a_line(name: str, action: str) -> None:
    for observation in OBSERVATIONS:
        if LETTERS[action] in taken(name)[observation]:
            check_that_it_works(name, observation, action)
            continue
        with pytest.raises(UsageError) as refusal:
            made(name, observation, action, **settings(name))
        said, (seen, done) = str(refusal.value), (OBSERVATIONS[observation](), ACTIONS[action]())
        assert "\n" not in said
        assert any(str(given) in said for given in (seen, done, ENV)), said
        assert "expected" in said


def check_that_it_works(name: str, observation: str, action: str) -> None:
    agent = made(name, observation, action, **settings(name))
    assert isinstance(agent, Agent)
    agent.budget = 100
    try:
        if not isinstance(agent, Actor):
            before = agent.clock
            for _ in range(3):
                metrics = agent.step()
            assert agent.clock > before
            assert np.isfinite(list(metrics.values())).all()
        assert np.isfinite(agent.evaluate(episodes=2).score)
        if agent.policy.sees != "state":
            check_predictions(agent, observation, action)
    finally:
        agent.close()


def check_predictions(agent: Agent, observation: str, action: str) -> None:
    """One observation that ``reset`` gives is one action, a batch as many, and the same ones."""
    env = gym.make(ENV, **world(observation, action).kwargs)
    obs, _ = env.reset(seed=3)
    assert env.action_space.contains(agent.predict(obs))
    assert env.action_space.contains(agent.decide(obs, env))
    assert env.action_space.contains(agent.predict(obs, deterministic=False))
    space = batch_space(env.observation_space, 4)
    space.seed(3)
    batch = space.sample()
    actions = agent.predict(batch)
    assert np.shape(actions) == (4, *(env.action_space.shape or ()))
    assert all(env.action_space.contains(one) for one in actions)
    if agent.name not in ("random", "dynamics-ensemble", "pets"):  # which draw for all rows at once
        singles = [agent.predict(one) for one in iterate(space, batch)]
        np.testing.assert_allclose(singles, actions, atol=1e-3)
    env.close()
