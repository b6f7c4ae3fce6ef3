"""MPPI: its weights by hand, the best of K where it is cold, and near the optimum of a linear world."""

import pytest
import torch
from planners import LINE, line_optimum, planner

from palestra.engine.seeding import generator
from palestra.errors import UsageError
from palestra.policies.candidates import costs, drawn
from palestra.policies.mppi import MPPIConfig

STATES = torch.tensor([[1.0, -0.5], [-0.3, 0.8]])
PLAN = torch.zeros(2, 6, 1)


def test_plans_are_weighed_by_what_they_cost() -> None:
    policy = planner("mppi", LINE, horizon=6, samples=5, temperature=0.7)
    found = policy.improved(STATES, PLAN, generator(0, "test"))
    tried = drawn(PLAN, 0.5 * policy.range, 5, 1, policy.plans.model, generator(0, "test"))
    for e, each in enumerate(costs(policy.plans.model, STATES, tried, generator(0, "luck"))):
        weight = torch.exp(-(each - each.min()) / 0.7)
        torch.testing.assert_close(found[e], (weight[:, None] * tried[:, e]).sum(1) / weight.sum())


def test_cold_it_is_the_best_of_all_and_hot_their_mean() -> None:
    best = planner("predictive-sampling", LINE, horizon=6, samples=9).improved(STATES, PLAN, generator(0, "test"))
    cold = planner("mppi", LINE, horizon=6, samples=9, temperature=1e-6)
    assert torch.equal(cold.improved(STATES, PLAN, generator(0, "test")), best)
    hot = planner("mppi", LINE, horizon=6, samples=9, temperature=1e9)
    tried = drawn(PLAN, 0.5 * hot.range, 9, 1, hot.plans.model, generator(0, "test"))
    torch.testing.assert_close(hot.improved(STATES, PLAN, generator(0, "test")), tried.mean(2).transpose(0, 1))


def test_more_candidates_come_nearer_to_the_optimum() -> None:
    _, least = line_optimum(STATES, 6)
    over = []
    for samples in (30, 300, 3000):
        policy = planner("mppi", LINE, horizon=6, samples=samples, temperature=0.005, deviation=0.05, iterations=10)
        plan = policy.improved(STATES, PLAN, generator(0, "test"))
        over.append(float((policy.plans.model.follow(STATES, plan.transpose(0, 1)).total / least - 1).max()))
    assert over[0] > over[1] > over[2] > -1e-5
    assert over[2] < 0.01


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"temperature": 0.0}, "temperature=0.0; expected more than 0"), ({"iterations": 0}, "iterations=0; expected")],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MPPIConfig(**settings)
