"""From CartPole's mixed episodes: asked for little it makes little, and for more, more."""

import pytest

from palestra.learners.sequences.decision_transformer import DecisionTransformer
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve


@pytest.mark.slow
def test_it_makes_about_as_much_as_it_is_asked_for() -> None:
    plan = resolve(get_recipe("cartpole-recorded/decision-transformer"), {"seed": 0, "context": 2})
    agent = plan.make_learner()
    assert isinstance(agent, DecisionTransformer)
    agent.learn(40_000)
    made = {}
    for wanted in (45.0, 260.0):  # what the two bad controllers make
        agent.policy.target_return = wanted
        made[wanted] = agent.evaluate(episodes=20, seed=1).score
    agent.close()
    assert made[45.0] < 80
    assert 160 < made[260.0] < 400
