"""The random agent: every action equally likely, inside its space, and CartPole's known mean return."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.engine.agent import Actor
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.envs.classic.pendulum import Pendulum
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.policies.random import Random


def test_discrete_actions_are_uniform() -> None:
    # Three actions (Acrobot), 30,000 draws: chi-square below 13.82, the 99.9% quantile for 2 degrees of freedom.
    agent = Actor(Random, World("Acrobot-v1", 1))
    seen = np.bincount(agent.predict(np.zeros((30_000, 6))), minlength=3)
    assert float(((seen - 10_000) ** 2 / 10_000).sum()) < 13.82


def test_box_actions_are_uniform_between_their_own_bounds() -> None:
    actions = Actor(Random, World("probe/ContinuousTarget", 1)).predict(np.zeros((20_000, 1)))
    assert actions.shape == (20_000, 1)
    assert -1 <= actions.min() < -0.99
    assert 2.99 < actions.max() <= 3
    assert actions.mean() == pytest.approx(1, abs=4 * 4 / 12**0.5 / 20_000**0.5)
    assert actions.std() == pytest.approx(4 / 12**0.5, rel=0.02)


def test_cartpole_lasts_about_22_steps() -> None:
    # The figure that the literature gives for random actions; the standard error of 1,000 episodes is 0.4.
    assert Actor(Random, "CartPole-v1").evaluate(episodes=1_000, seed=0).score == pytest.approx(22.3, abs=1.5)


def test_it_goes_straight_to_its_evaluation() -> None:
    agent = Actor(Random, World("CartPole-v1", 4))
    result = Trainer(agent, TrainSettings(budget=1, eval_every=1, eval_count=50)).run()
    assert (result.ending, result.steps, result.best_step) == ("finished", 0, 0)
    assert result.metrics["eval/return_mean"] == result.metrics["eval/length_mean"] == pytest.approx(22, abs=5)


def test_evaluation_draws_from_its_own_seed_alone() -> None:
    agent = Actor(Random, "CartPole-v1")
    first = agent.evaluate(episodes=20, seed=1).samples
    agent.step()
    assert torch.equal(agent.evaluate(episodes=20, seed=1).samples, first)
    assert not torch.equal(agent.evaluate(episodes=20, seed=2).samples, first)


def test_an_unbounded_box_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    space = gym.spaces.Box(-np.inf, np.inf, (2,))
    monkeypatch.setattr(Pendulum, "action_space", space)
    with pytest.raises(UsageError, match=r"random cannot draw uniformly from Box\(-inf"):
        Actor(Random, "Pendulum-v1")
