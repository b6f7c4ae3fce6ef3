"""Around the disc, as shown on both sides: the mean of both goes into it, one of them does not."""

import pytest

from palestra.engine.agent import Agent
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve


def success(method: str, samples: int) -> float:
    """The share that arrives after a short training by a recipe."""
    agent = resolve(get_recipe(f"two-ways/{method}"), {"seed": 0}).make_learner()
    assert isinstance(agent, Agent)
    agent.learn(samples)
    score = agent.evaluate(episodes=100, seed=1).score
    agent.close()
    return score


def test_the_expert_arrives() -> None:
    agent = resolve(get_recipe("two-ways/expert"), {"seed": 0}).make_learner()
    assert agent.evaluate(episodes=100).score == 1.0


def test_the_mean_does_not() -> None:
    assert success("behaviour-cloning", 60_000) <= 0.05


@pytest.mark.slow
def test_one_of_the_ways_does() -> None:
    assert success("mixture", 200_000) >= 0.7
