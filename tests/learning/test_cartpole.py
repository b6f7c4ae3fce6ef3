"""The flagship of the classics: PPO balances the pole for 475 of 500 steps with the settings of its recipe."""

import pytest

from palestra.engine.agent import Agent
from palestra.engine.trainer import Trainer
from palestra.engine.training import TrainResult
from palestra.learners.on_policy.ppo import PPO
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve

SOLVED = 475.0


def train() -> tuple[Agent, TrainResult]:
    plan = resolve(get_recipe("cartpole/ppo"), {"seed": 0, "target": SOLVED})
    agent = plan.make_learner()
    return agent, Trainer(agent, plan.training).run()


def test_ppo_solves_cartpole() -> None:
    agent, result = train()
    assert result.ending == "target"
    assert agent.evaluate(episodes=100, seed=1).score >= SOLVED
    assert agent.evaluate(episodes=100, seed=1, reference=True).score >= SOLVED


def test_without_the_update_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PPO, "update", lambda *_: {})
    agent, result = train()
    assert result.ending == "finished"
    assert agent.evaluate(episodes=100, seed=1).score < SOLVED / 2
