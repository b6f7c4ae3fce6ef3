"""Iterative LQR: on a linear world the best there is after one pass, and never dearer by another one anywhere."""

import pytest
import torch
from planners import LINE, line, line_optimum, planner

from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.policies.ilqr import ILQRConfig, backward, expand, forward, optimised

STATES = torch.tensor([[1.0, -0.5], [-0.3, 0.8], [0.7, 0.7]], dtype=torch.float64)


def test_in_a_linear_world_one_pass_is_enough() -> None:
    best, least = line_optimum(STATES, 25)
    rng = torch.Generator().manual_seed(0)
    anything = torch.randn(3, 25, 1, generator=rng, dtype=torch.float64)
    for passes in (1, 3):
        found = optimised(line(), STATES, anything, passes)
        torch.testing.assert_close(found.actions.transpose(0, 1), best, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(found.cost, least, rtol=1e-6, atol=0)
    assert found.passes == 2  # the second finds nothing better, and it ends


def test_between_bounds_it_is_the_best_there() -> None:
    """Against projected gradient descent, which knows nothing of feedback."""
    model = line()
    model.low, model.high = torch.tensor([-0.5]), torch.tensor([0.5])
    found = optimised(model, STATES, torch.zeros(3, 8, 1, dtype=torch.float64), 20)
    plan = torch.zeros(8, 3, 1, dtype=torch.float64)
    for _ in range(400):
        plan.requires_grad_()
        (slope,) = torch.autograd.grad(model.follow(STATES, plan).total.sum(), plan)
        plan = (plan.detach() - 2.0 * slope).clamp(-0.5, 0.5)
    torch.testing.assert_close(found.cost, model.follow(STATES, plan).total, rtol=1e-5, atol=0)
    torch.testing.assert_close(found.actions, plan, rtol=0, atol=1e-2)
    assert 0 < int((found.actions.abs() == 0.5).sum()) < found.actions.numel()


SMOOTH = ["Pendulum-v1", "palestra/CartPoleSwingUp-v0", "MountainCarContinuous-v0", "palestra/PlanarQuadrotor-v0"]


@pytest.mark.parametrize("env_id", SMOOTH)
def test_another_pass_never_costs(env_id: str) -> None:
    env = make_vec(env_id, 4)
    model = Model(env)
    state = model.state(env.reset(1)).double()
    rng = torch.Generator().manual_seed(0)
    plan = torch.randn(4, 20, len(model.low), generator=rng, dtype=torch.float64).clamp(-1, 1)
    paid = torch.stack([optimised(model, state, plan, passes).cost for passes in (1, 2, 5)])
    begun = model.follow(state, plan.transpose(0, 1)).total
    assert (paid[0] <= begun + 1e-9).all()
    assert (paid.diff(dim=0) <= 1e-9).all()
    if env_id != "MountainCarContinuous-v0":  # whose slope leads nowhere but to doing nothing
        assert (paid[-1] < begun).all()
        assert float((begun - paid[-1]).max()) > 1


def test_what_it_expects_of_a_small_change_is_what_comes() -> None:
    """The decrease that the quadratic model promises, near where it is exact."""
    env = make_vec("Pendulum-v1", 4)
    model = Model(env)
    state = model.state(env.reset(1)).double()
    plan = 0.3 * torch.ones(20, 4, 1, dtype=torch.float64)
    states, costs = model.follow(state, plan)
    feedback = backward(model, expand(model, states[:-1], plan), plan, torch.full((4,), 1e3, dtype=torch.float64))
    _, _, found = forward(model, states, plan, feedback)
    assert (found < costs.sum(0)).all()  # so dear a change is a step down the slope


def test_episodes_side_by_side_are_those_one_by_one() -> None:
    env = make_vec("Pendulum-v1", 3)
    model = Model(env)
    state, plan = model.state(env.reset(2)).double(), torch.full((3, 15, 1), 0.2, dtype=torch.float64)
    together = optimised(model, state, plan, 3)
    for e in range(3):
        alone = optimised(model, state[e : e + 1], plan[e : e + 1], 3)
        torch.testing.assert_close(alone.actions[:, 0], together.actions[:, e], rtol=1e-8, atol=1e-8)


def test_actions_without_bounds_are_planned_too() -> None:
    policy = planner("ilqr", LINE, horizon=8, samples=4)
    policy.plans.model.low = policy.plans.model.low - torch.inf
    policy.plans.model.high = policy.plans.model.high + torch.inf
    best, _ = line_optimum(STATES, 8)
    torch.testing.assert_close(policy.act(STATES.float()), best[:, 0].float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"horizon": 0}, "horizon=0; expected at least 1"), ({"deviation": 0.0}, "deviation=0.0; expected more than 0")],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ILQRConfig(**settings)
