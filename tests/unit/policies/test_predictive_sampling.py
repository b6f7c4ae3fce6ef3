"""Predictive sampling: the cheapest of all, never dearer than what was planned already."""

import torch
from planners import LINE, line_optimum, planner

from palestra.engine.seeding import generator
from palestra.policies.candidates import costs, drawn
from palestra.policies.predictive_sampling import PredictiveSampling

STATES = torch.tensor([[1.0, -0.5], [-0.3, 0.8]])


def test_the_cheapest_is_taken() -> None:
    policy = planner("predictive-sampling", LINE, horizon=6, samples=12)
    assert isinstance(policy, PredictiveSampling)
    plan = torch.zeros(2, 6, 1)
    found = policy.improved(STATES, plan, generator(0, "test"))
    tried = drawn(plan, 0.5 * policy.range, 12, 1, policy.plans.model, generator(0, "test"))
    for e, each in enumerate(costs(policy.plans.model, STATES, tried, generator(0, "luck"))):
        assert torch.equal(found[e], tried[:, e, int(each.argmin())])


def test_looking_again_never_costs_and_comes_near_the_optimum() -> None:
    best, least = line_optimum(STATES, 6)
    policy = planner("predictive-sampling", LINE, horizon=6, samples=64, deviation=0.05)
    model, rng = policy.plans.model, generator(0, "test")
    plan, paid = torch.zeros(2, 6, 1), []
    for _ in range(60):
        plan = policy.improved(STATES, plan, rng)
        paid.append(model.follow(STATES, plan.transpose(0, 1)).total)
    assert (torch.stack(paid).diff(dim=0) <= 1e-6).all()
    assert float((paid[-1] / least - 1).max()) < 0.03
    assert torch.equal(policy.improved(STATES, best.float(), rng), best.float())  # nothing drawn is better
