"""What can become a file, with everything it takes; and in one line, with a way out, what cannot."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

import palestra
from palestra.engine.agent import Agent
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.exports.drawn import draw
from palestra.exports.functions import Function, function_of, in_float32, seen_by, why_no_function
from palestra.nets.ensemble import Ensemble

AGENTS = [
    (palestra.PPO, "CartPole-v1", {"normalize_obs": True}, ("action", "logit")),
    (palestra.DQN, "CartPole-v1", {"dueling": "mean", "distributional": "c51", "noisy": True}, ("action", "value")),
    (palestra.SAC, "Pendulum-v1", {}, ("action",)),
    (palestra.TD3, "Pendulum-v1", {}, ("action",)),
    (palestra.A2C, "Pendulum-v1", {}, ("action",)),
    (palestra.DiscreteSAC, "CartPole-v1", {}, ("action", "logit")),
    (palestra.QLearning, "FrozenLake-v1", {}, ("action", "value")),
    (palestra.DoubleQLearning, "FrozenLake-v1", {}, ("action", "value")),
    (palestra.ValueIteration, "FrozenLake-v1", {}, ("action", "value")),
]


def said_by(function: Function, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    with torch.no_grad():
        said = function.module(*(torch.from_numpy(x) for x in given.values()))
    return {name: x.numpy() for name, x in zip(function.outputs, said, strict=True)}


@pytest.mark.parametrize(("kind", "env_id", "settings", "outputs"), AGENTS, ids=lambda x: getattr(x, "__name__", None))
def test_an_agent_is_a_function_of_what_its_world_shows(
    kind: Any, env_id: str, settings: dict[str, Any], outputs: tuple[str, ...]
) -> None:
    """Of the world's own observations, to its own actions: the states of FrozenLake are integers."""
    agent = kind(World(env_id, 4))
    if settings:
        config = type(agent.config)(**settings)
        agent.close()
        agent = kind(World(env_id, 4), config)
    agent.step()
    function = function_of(agent)
    given, where = draw(agent, seed=3, count=50)
    assert function.outputs == outputs
    assert where.startswith(f"met in {env_id}")
    wanted, found = function.expected(given), said_by(function, given)
    own = agent.env.observed.own
    assert [str(own.dtype)] == [each.dtype for each in function.inputs]
    for name in outputs:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-6)
        assert found[name].dtype == wanted[name].dtype
    np.testing.assert_array_equal(wanted["action"], agent.predict(given["observation"]))
    agent.close()


def test_labels_and_rows_are_in_it() -> None:
    learner: Any = palestra.SoftmaxRegression("iris").learn(200)
    function = function_of(learner)
    assert (function.inputs[0].name, function.inputs[0].dtype, function.inputs[0].shape) == ("rows", "float64", (4,))
    assert function.labels == learner.dataset.class_names() != ()
    given, _ = draw(learner, count=60)
    wanted, found = function.expected(given), said_by(function, given)
    np.testing.assert_array_equal(wanted["label"], found["label"])
    np.testing.assert_allclose(wanted["probability"], found["probability"], atol=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: palestra.Thompson("bandit/bernoulli"), "thompson pulls arms and observes nothing"),
        (lambda: palestra.Random("CartPole-v1"), "random on 'CartPole-v1' draws its actions"),
        (lambda: palestra.LibraryClassifier("iris"), "RandomForestClassifier is an estimator of another library"),
    ],
)
def test_what_is_no_function_is_refused_with_a_way_out(make: Any, said: str) -> None:
    learner = make()
    with pytest.raises(UsageError, match=said) as refusal:
        function_of(learner)
    assert "`palestra export RUN --to hub DIR` takes any run" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not isinstance(learner, Agent) or why_no_function(learner)
    learner.close()


def test_networks_multiply_in_float32_in_a_file() -> None:
    net = Ensemble(1, [4, 8, 8, 2], torch.Generator(), "float32")
    net.dtype = torch.bfloat16
    in_float32(net)
    assert net.dtype is torch.float32


def test_one_observation_and_a_batch_are_told_apart() -> None:
    agent = palestra.PPO("CartPole-v1")
    assert isinstance(agent.env.observed.own, spaces.Box)
    rows, single = seen_by(agent.env, np.zeros(4))
    assert (tuple(rows.shape), rows.dtype, single) == ((1, 4), torch.float32, True)
    assert seen_by(agent.env, np.zeros((3, 4)))[1] is False
    agent.close()
