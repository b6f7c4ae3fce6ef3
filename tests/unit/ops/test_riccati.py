"""The best feedback: by SciPy, and as the least of the whole cost, one quadratic function of all actions."""

import numpy as np
import pytest
import torch
from scipy.linalg import solve_discrete_are
from torch import Tensor

from palestra.errors import UsageError
from palestra.ops.riccati import (
    Feedback,
    Stage,
    Value,
    feedback_gain,
    lqr,
    outlook,
    riccati_residual,
    solve_riccati,
    stage,
    value_of,
)


def system(seed: int, states: int = 4, actions: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """An unstable system, and positive definite costs."""
    rng = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=rng, dtype=torch.float64)  # noqa: E731
    q, r = draw(states, states), draw(actions, actions)
    return draw(states, states), draw(states, actions), q @ q.T + 0.1 * torch.eye(states), r @ r.T + torch.eye(actions)


@pytest.mark.parametrize("seed", range(5))
def test_the_solution_is_scipys(seed: int) -> None:
    a, b, q, r = system(seed)
    assert float(torch.linalg.eigvals(a).abs().max()) > 1
    p = solve_riccati(a, b, q, r)
    np.testing.assert_allclose(p.numpy(), solve_discrete_are(*(x.numpy() for x in (a, b, q, r))), rtol=1e-8)
    assert riccati_residual(a, b, q, r, p) < 1e-12
    assert riccati_residual(a, b, q, r, p + 1e-3 * q) > 1e-6
    assert float(torch.linalg.eigvals(a + b @ feedback_gain(a, b, r, p)).abs().max()) < 1


def test_problems_side_by_side_are_solved_as_one_by_one() -> None:
    several = [torch.stack(each) for each in zip(*(system(seed) for seed in range(3)), strict=True)]
    together = solve_riccati(*several)
    for i in range(3):
        torch.testing.assert_close(together[i], solve_riccati(*system(i)), rtol=1e-9, atol=1e-9)


def test_what_nothing_can_keep_is_refused() -> None:
    a, _, q, r = system(0)
    with pytest.raises(UsageError, match="a system whose cost grows without end"):
        solve_riccati(a, torch.zeros(4, 2, dtype=torch.float64), q, r)
    growing = torch.diag(torch.tensor([1.1, 0.5], dtype=torch.float64))
    unseen = torch.diag(torch.tensor([0.0, 1.0], dtype=torch.float64))
    push = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    with pytest.raises(UsageError, match="expected one that actions can keep"):
        solve_riccati(growing, push, unseen, torch.ones(1, 1, dtype=torch.float64))


def changing(steps: int) -> list[Stage]:
    """A system that is another one in every step, with a target that moves, costs of both together, and a push."""
    made = []
    for t in range(steps):
        a, b, q, r = system(t, 3, 2)
        rng = torch.Generator().manual_seed(100 + t)
        draw = lambda *shape: torch.randn(*shape, generator=rng, dtype=torch.float64)  # noqa: B023, E731
        plain = stage(a / 3, b, q, r, target=draw(3))
        made.append(plain._replace(s=0.1 * draw(2, 3), r_linear=draw(2), c=draw(3)))
    return made


def cost(stages: list[Stage], last: Value, start: Tensor, actions: Tensor) -> Tensor:
    """Of a plan (T, A), written out."""
    x, total = start, torch.zeros((), dtype=torch.float64)
    for s, u in zip(stages, actions, strict=True):
        total = total + x @ s.q @ x / 2 + u @ s.r @ u / 2 + u @ s.s @ x + s.q_linear @ x + s.r_linear @ u
        x = s.a @ x + s.b @ u + s.c
    return total + x @ last.matrix @ x / 2 + last.vector @ x


def test_feedback_comes_to_the_least_of_the_whole_cost() -> None:
    stages = changing(6)
    last = Value(system(9, 3, 2)[2], torch.ones(3, dtype=torch.float64))
    start, nothing = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), torch.zeros(6, 2, dtype=torch.float64)
    whole = lambda plan: cost(stages, last, start, plan.view(6, 2))  # noqa: E731
    hessian = torch.autograd.functional.hessian(whole, nothing.flatten())
    slope = torch.autograd.functional.jacobian(whole, nothing.flatten())
    best = torch.linalg.solve(hessian, -slope).view(6, 2)
    acts, values = lqr(stages, last)
    x, done = start, []
    for s, act in zip(stages, acts, strict=True):
        done.append(act.gain @ x + act.offset)
        x = s.a @ x + s.b @ done[-1] + s.c
    torch.testing.assert_close(torch.stack(done), best, rtol=1e-9, atol=1e-9)
    # What a start costs more than another is what the value says, whose constant is left out.
    other = start + 1.0
    best_of_other = torch.linalg.solve(
        hessian,
        -torch.autograd.functional.jacobian(lambda p: cost(stages, last, other, p.view(6, 2)), nothing.flatten()),
    ).view(6, 2)
    more = cost(stages, last, other, best_of_other) - cost(stages, last, start, best)
    said = [x @ values[0].matrix @ x / 2 + values[0].vector @ x for x in (other, start)]
    torch.testing.assert_close(said[0] - said[1], more, rtol=1e-9, atol=1e-9)


def test_far_from_the_end_it_is_the_feedback_for_ever() -> None:
    a, b, q, r = system(1)
    nothing = Value(torch.zeros(4, 4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64))
    acts, values = lqr([stage(a, b, q, r)] * 80, nothing)
    p = solve_riccati(a, b, q, r)
    torch.testing.assert_close(values[0].matrix, p, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(acts[0].gain, feedback_gain(a, b, r, p), rtol=1e-9, atol=1e-9)
    assert not acts[0].offset.any()
    assert not torch.allclose(acts[-1].gain, acts[0].gain)


def test_a_target_that_stands_is_come_to() -> None:
    """Where staying costs nothing, the place is reached in the end."""
    one = torch.ones(1, 1, dtype=torch.float64)
    stages = [stage(one, one, one, 0.1 * one, target=one[0] * 3)] * 30
    acts, _ = lqr(stages, Value(one, -3.0 * one[0]))
    x = one[0] * 0
    for act in acts:
        x = x + act.gain @ x + act.offset
    torch.testing.assert_close(x, one[0] * 3, rtol=1e-6, atol=1e-6)


def test_the_value_of_a_feedback_that_is_not_the_best_is_what_it_costs() -> None:
    (now,) = changing(1)
    last = Value(system(9, 3, 2)[2], torch.ones(3, dtype=torch.float64))
    act = Feedback(torch.full((2, 3), 0.3, dtype=torch.float64), torch.tensor([0.1, -0.2], dtype=torch.float64))
    value = value_of(outlook(now, last), act)
    x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    paid = [cost([now], last, start, (act.gain @ start + act.offset)[None]) for start in (x, 0 * x)]
    torch.testing.assert_close(x @ value.matrix @ x / 2 + value.vector @ x, paid[0] - paid[1], rtol=1e-9, atol=1e-9)
