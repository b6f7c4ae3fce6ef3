"""The rules are ``torch.optim``'s over a hundred steps; first steps with their arithmetic; our fast twins agree."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.nets.adam import ClippedAdam
from palestra.ops.optimizers import SGD, Adam, Memory, Momentum, RMSprop, Rule

PAIRS: dict[str, tuple[Rule, Callable[..., Any]]] = {
    "sgd": (SGD(0.005), lambda p: torch.optim.SGD(p, lr=0.005)),
    "momentum": (Momentum(0.01, 0.8), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.8)),
    "nesterov": (Momentum(0.01, nesterov=True), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True)),
    "rmsprop": (RMSprop(0.01, 0.9), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9)),
    "adam": (Adam(0.01, 0.9, 0.99), lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99))),
}


def valley(point_D: Tensor) -> Tensor:
    """Rosenbrock's, along neighbouring numbers."""
    return (10 * (point_D[1:] - point_D[:-1].square()).square() + (1 - point_D[:-1]).square()).sum()


def slope(point_D: Tensor) -> Tensor:
    with torch.enable_grad():
        at_D = point_D.detach().requires_grad_()
        (gradient_D,) = torch.autograd.grad(valley(at_D), at_D)
    return gradient_D


@pytest.mark.parametrize("name", PAIRS)
def test_a_hundred_steps_are_those_of_torch_optim(name: str) -> None:
    rule, make = PAIRS[name]
    point_D = 0.5 * torch.randn(6, generator=Generator().manual_seed(0), dtype=torch.float64)
    theirs = point_D.clone().requires_grad_()
    optimizer, memory, start = make([theirs]), rule.begin(point_D), float(valley(point_D))
    noise = Generator().manual_seed(1)
    for step in range(100):
        noise_D = 0.1 * torch.randn(6, generator=noise, dtype=torch.float64)
        point_D, memory = rule.step(point_D, slope(point_D) + noise_D, memory)
        theirs.grad = slope(theirs) + noise_D
        optimizer.step()
        assert memory.steps == step + 1
        torch.testing.assert_close(point_D, theirs.detach(), rtol=1e-10, atol=1e-10)
    assert float(valley(point_D)) < 0.8 * start


def test_first_steps_by_hand() -> None:
    point_D, gradient_D = torch.tensor([1.0, 1.0]), torch.tensor([4.0, -0.5])

    def first(rule: Rule) -> list[float]:
        moved: list[float] = (rule.step(point_D, gradient_D, rule.begin(point_D))[0] - point_D).tolist()
        return moved

    assert first(SGD(0.1)) == pytest.approx([-0.4, 0.05], abs=1e-6)
    assert first(Momentum(0.1)) == pytest.approx([-0.4, 0.05], abs=1e-6)
    assert first(Momentum(0.1, 0.5, nesterov=True)) == pytest.approx([-0.6, 0.075], abs=1e-6)  # g + g / 2
    # Whatever the slope: eta / sqrt(1 - rho), ten times as long as a step where the mean has settled; and eta.
    assert first(RMSprop(0.1, 0.99)) == pytest.approx([-1.0, 1.0], abs=1e-5)
    assert first(Adam(0.1)) == pytest.approx([-0.1, 0.1], abs=1e-6)


def test_a_steady_slope_is_worth_ten_with_momentum() -> None:
    point_D, rule = torch.zeros(1, dtype=torch.float64), Momentum(0.1, 0.9)
    memory = rule.begin(point_D)
    for _ in range(300):
        before_D = point_D
        point_D, memory = rule.step(point_D, torch.ones(1, dtype=torch.float64), memory)
    assert float(before_D - point_D) == pytest.approx(0.1 / (1 - 0.9))


def test_adam_of_networks_is_this_one_in_one_vector() -> None:
    network = nn.Linear(3, 2).double()
    optimizer, rule = ClippedAdam([network], 0.01), Adam(0.01)
    point_D = optimizer.flat.clone()
    memory, draw = rule.begin(point_D), Generator().manual_seed(0)
    for _ in range(20):
        gradient_D = torch.randn(8, generator=draw, dtype=torch.float64)
        optimizer.gradient.copy_(gradient_D)
        optimizer.step()
        point_D, memory = rule.step(point_D, gradient_D, memory)
    torch.testing.assert_close(optimizer.flat, point_D, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_a_rule_changes_nothing_that_it_is_given(name: str) -> None:
    rule, _ = PAIRS[name]
    point_D, gradient_D = torch.ones(3), torch.full((3,), 2.0)
    memory = rule.begin(point_D)
    _, after = rule.step(point_D, gradient_D, memory)
    assert point_D.tolist() == [1.0] * 3
    assert gradient_D.tolist() == [2.0] * 3
    assert all(not moment.any() for moment in memory.moments)
    assert isinstance(after, Memory)
    with pytest.raises(ValueError, match=r"shapes differ: point \(3,\), gradient \(3, 1\)"):
        rule.step(point_D, gradient_D[:, None], memory)
