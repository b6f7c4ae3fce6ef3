"""The cross-entropy method: the best plans' mean, ever cheaper, and near the optimum of a linear world."""

import pytest
import torch
from planners import LINE, line_optimum, planner

from palestra.engine.seeding import generator
from palestra.errors import UsageError
from palestra.policies.candidates import costs, drawn
from palestra.policies.cem import CEM, CEMConfig

STATES = torch.tensor([[1.0, -0.5], [-0.3, 0.8]])


def cost_of(policy: CEM, plan: torch.Tensor) -> torch.Tensor:
    return policy.plans.model.follow(STATES, plan.transpose(0, 1)).total


def test_one_draw_is_the_mean_of_its_elites() -> None:
    policy = planner("cem", LINE, horizon=4, samples=10, elites=3, iterations=1)
    plan = torch.zeros(2, 4, 1)
    found = policy.improved(STATES, plan, generator(0, "test"))
    tried = drawn(plan, 0.5 * policy.range, 10, 1, policy.plans.model, generator(0, "test"))
    for e, each in enumerate(costs(policy.plans.model, STATES, tried, generator(0, "luck"))):
        best = sorted(range(10), key=lambda k: float(each[k]))[:3]
        torch.testing.assert_close(found[e], tried[:, e, best].mean(1))


def test_more_draws_come_nearer_to_the_optimum_and_more_candidates_too() -> None:
    _, least = line_optimum(STATES, 10)
    over = {}
    for samples in (20, 80, 320):
        for iterations in (1, 4, 12):
            policy = planner(
                "cem", LINE, horizon=10, samples=samples, elites=samples // 10, iterations=iterations,
                deviation=0.1, narrowest=0.0,
            )  # fmt: skip
            plan = policy.improved(STATES, torch.zeros(2, 10, 1), generator(0, "test"))
            over[samples, iterations] = float((cost_of(policy, plan) / least - 1).max())
    assert all(value > -1e-5 for value in over.values())
    assert over[320, 1] > over[320, 4] > over[320, 12]
    assert over[20, 12] > over[80, 12] > over[320, 12]
    assert over[320, 12] < 0.01


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"elites": 65}, "elites=65; expected 2 to samples=64"),
        ({"iterations": 0}, "iterations=0; expected at least 1"),
        ({"narrowest": -1.0}, "narrowest=-1.0; expected 0 or more"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CEMConfig(**settings)
