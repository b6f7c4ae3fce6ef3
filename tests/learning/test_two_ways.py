"""Around the disc, as shown on both sides: the mean of both goes into it, one of them does not; and after a rest on."""

import pytest

from palestra.engine.agent import Agent
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve


def success(method: str, samples: int, *, learns: bool = True) -> float:
    """The share that arrives after a short training by a recipe."""
    plan = resolve(get_recipe(f"two-ways/{method}"), {"seed": 0})
    agent = plan.make_learner()
    assert isinstance(agent, Agent)
    if not learns:
        agent.optimizer._move = lambda: None  # type: ignore[attr-defined]
    agent.learn(samples)
    score = agent.evaluate(episodes=100, seed=1).score
    agent.close()
    return score


def test_the_expert_arrives() -> None:
    agent = resolve(get_recipe("two-ways/expert"), {"seed": 0}).make_learner()
    assert agent.evaluate(episodes=100).score == 1.0


def test_the_mean_does_not() -> None:
    assert success("behaviour-cloning", 60_000) <= 0.05


@pytest.mark.parametrize(("method", "samples"), [("action-chunks", 100_000), ("diffusion", 120_000)])
def test_chunks_go_on_after_a_rest_and_diffusion_takes_one_of_the_ways(method: str, samples: int) -> None:
    """A half and a fifth of what the recipes take; nobody arrives who does not learn."""
    assert success(method, samples) >= 0.4
    assert success(method, samples // 100, learns=False) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("method", "samples"), [("mixture", 400_000), ("diffusion", 600_000)])
def test_one_of_the_ways_does(method: str, samples: int) -> None:
    assert success(method, samples) >= 0.9


@pytest.mark.slow
def test_most_who_decide_step_by_step_rest_for_good() -> None:
    assert success("single-actions", 200_000) <= 0.5
