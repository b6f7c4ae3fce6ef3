"""C51's projection and quantile regression against their definitions, written as plain loops."""

import math

import pytest
import torch
from torch import Tensor

from palestra.ops.distributional import (
    categorical_divergence,
    categorical_loss,
    categorical_loss_gradient,
    project_categorical,
    quantile_huber_loss,
    quantile_huber_loss_gradient,
)


def projection_by_definition(prob: list[float], ret: float, discount: float, support: list[float]) -> list[float]:
    """Bellemare et al. 2017, eq. 7: sum_j clip(1 - |clip(T z_j) - z_i| / spacing, 0, 1) p_j for each i."""
    spacing = support[1] - support[0]
    out = []
    for z_i in support:
        total = 0.0
        for p_j, z_j in zip(prob, support, strict=True):
            moved = min(max(ret + discount * z_j, support[0]), support[-1])
            total += min(max(1 - abs(moved - z_i) / spacing, 0.0), 1.0) * p_j
        out.append(total)
    return out


def random_distributions(num: int, atoms: int, seed: int = 0) -> Tensor:
    return torch.softmax(2 * torch.randn(num, atoms, generator=torch.Generator().manual_seed(seed)), 1)


def test_a_projection_worked_by_hand() -> None:
    # Atoms -1, 0, 1 with probabilities 0.2, 0.3, 0.5; reward 0.5, discount 0.5: they move to 0, 0.5 and 1. The second
    # lies midway between 0 and 1, so 0 gets 0.2 + 0.15 and 1 gets 0.15 + 0.5.
    out = project_categorical(
        torch.tensor([[0.2, 0.3, 0.5]]), torch.tensor([0.5]), torch.tensor([0.5]), torch.tensor([-1.0, 0.0, 1.0])
    )
    torch.testing.assert_close(out, torch.tensor([[0.0, 0.35, 0.65]]))


def test_after_a_terminal_state_everything_lies_at_the_reward() -> None:
    prob_BZ = random_distributions(4, 11)
    support_Z = torch.linspace(-5, 5, 11)
    reward_B = torch.tensor([2.0, -0.25, 9.0, -7.0])  # on an atom, between two, and beyond either end
    out_BZ = project_categorical(prob_BZ, reward_B, torch.zeros(4), support_Z)
    expected = torch.zeros(4, 11)
    expected[0, 7] = expected[2, 10] = expected[3, 0] = 1.0
    expected[1, 4], expected[1, 5] = 0.25, 0.75
    torch.testing.assert_close(out_BZ, expected)


@pytest.mark.parametrize("atoms", [2, 3, 51])
def test_the_projection_is_its_definition(atoms: int) -> None:
    rng = torch.Generator().manual_seed(atoms)
    support_Z = torch.linspace(-3.0, 4.0, atoms)
    prob_BZ = random_distributions(200, atoms)
    return_B = 4 * torch.randn(200, generator=rng)  # far enough to be clipped at either end
    return_B[:20] = support_Z[torch.randint(atoms, (20,), generator=rng)]  # exactly onto atoms
    discount_B = torch.rand(200, generator=rng) * (torch.rand(200, generator=rng) > 0.2)
    discount_B[:10] = 1.0
    out_BZ = project_categorical(prob_BZ, return_B, discount_B, support_Z)
    expected = [
        projection_by_definition(p.tolist(), float(r), float(d), support_Z.tolist())
        for p, r, d in zip(prob_BZ, return_B, discount_B, strict=True)
    ]
    torch.testing.assert_close(out_BZ, torch.tensor(expected), rtol=0, atol=2e-5)
    torch.testing.assert_close(out_BZ.sum(1), torch.ones(200))
    assert bool((out_BZ >= 0).all())


def test_without_clipping_the_mean_is_that_of_the_moved_distribution() -> None:
    support_Z = torch.linspace(-10.0, 10.0, 51, dtype=torch.float64)
    prob_BZ = random_distributions(50, 51).double()
    return_B = torch.linspace(-1.0, 1.0, 50, dtype=torch.float64)
    out_BZ = project_categorical(prob_BZ, return_B, torch.full_like(return_B, 0.9), support_Z)
    torch.testing.assert_close(out_BZ @ support_Z, return_B + 0.9 * (prob_BZ @ support_Z))


def test_cross_entropy_and_divergence_worked_by_hand() -> None:
    # p = (1/4, 3/4), m = (1/2, 1/2): cross-entropy (log 4 + log 4/3) / 2, entropy of m log 2.
    logits = torch.tensor([[0.0, math.log(3.0)]])
    target = torch.tensor([[0.5, 0.5]])
    cross = (math.log(4) + math.log(4 / 3)) / 2
    assert float(categorical_loss(logits, target)) == pytest.approx(cross)
    assert float(categorical_divergence(logits, target)) == pytest.approx(cross - math.log(2))
    certain = torch.tensor([[1.0, 0.0]])  # 0 log 0 = 0
    assert float(categorical_divergence(logits, certain)) == pytest.approx(math.log(4))
    torch.testing.assert_close(categorical_divergence(logits, torch.softmax(logits, 1)), torch.zeros(1))


def quantile_loss_by_definition(theta: list[float], target: list[float]) -> float:
    """Dabney et al. 2018, eqs. 9 and 10 with kappa = 1: a sum over quantiles of a mean over target samples."""
    total = 0.0
    for i, theta_i in enumerate(theta):
        tau = (2 * i + 1) / (2 * len(theta))
        for t_j in target:
            u = t_j - theta_i
            huber = 0.5 * u * u if abs(u) <= 1 else abs(u) - 0.5
            total += abs(tau - (1.0 if u < 0 else 0.0)) * huber / len(target)
    return total


def test_a_quantile_loss_worked_by_hand() -> None:
    # One quantile, the median, at 0; samples 2 and -0.5: (0.5 * 1.5 + 0.5 * 0.125) / 2.
    loss = quantile_huber_loss(torch.tensor([[0.0]]), torch.tensor([[2.0, -0.5]]))
    torch.testing.assert_close(loss, torch.tensor([0.40625]))
    # Quantiles 1/4 and 3/4 at 0; sample 3: (1/4 + 3/4) * 2.5. Below, it is the other way round, with the same sum.
    theta = torch.zeros(1, 2)
    torch.testing.assert_close(quantile_huber_loss(theta, torch.tensor([[3.0]])), torch.tensor([2.5]))
    gradient = quantile_huber_loss_gradient(theta, torch.tensor([[3.0]]))
    torch.testing.assert_close(gradient, torch.tensor([[-0.25, -0.75]]))


@pytest.mark.parametrize(("quantiles", "samples"), [(1, 1), (4, 4), (5, 8)])
def test_the_quantile_loss_is_its_definition(quantiles: int, samples: int) -> None:
    rng = torch.Generator().manual_seed(0)
    theta, target = 2 * torch.randn(30, quantiles, generator=rng), 2 * torch.randn(30, samples, generator=rng)
    expected = [quantile_loss_by_definition(a.tolist(), b.tolist()) for a, b in zip(theta, target, strict=True)]
    torch.testing.assert_close(quantile_huber_loss(theta, target), torch.tensor(expected), rtol=1e-5, atol=1e-5)


def test_the_minimum_of_the_quantile_loss_is_at_the_quantiles() -> None:
    # Samples spread far beyond the Huber threshold, where the loss is the pinball loss: minimised by order statistics.
    samples = torch.arange(100.0)[None] * 100.0
    theta = torch.full((1, 4), 5_000.0, requires_grad=True)
    for _ in range(4_000):
        gradient = quantile_huber_loss_gradient(theta.detach(), samples)
        theta.data -= 20.0 * gradient
    expected = torch.tensor([[12.5, 37.5, 62.5, 87.5]]) * 100 - 50  # (i + 1/2) / 4 of the 100 samples
    assert bool(((theta.detach() - expected).abs() <= 100).all()), theta


@pytest.mark.parametrize(
    ("loss", "gradient", "target_kind"),
    [
        (categorical_loss, categorical_loss_gradient, "probabilities"),
        (quantile_huber_loss, quantile_huber_loss_gradient, "samples"),
    ],
)
def test_gradients_are_those_of_autograd(loss, gradient, target_kind: str) -> None:
    rng = torch.Generator().manual_seed(3)
    out = (2 * torch.randn(20, 7, generator=rng)).requires_grad_()
    target = random_distributions(20, 7) if target_kind == "probabilities" else 2 * torch.randn(20, 7, generator=rng)
    (expected,) = torch.autograd.grad(loss(out, target).sum(), out)
    torch.testing.assert_close(gradient(out.detach(), target), expected)


def test_wrong_ranks_are_refused() -> None:
    with pytest.raises(ValueError, match="prob has shape"):
        project_categorical(torch.ones(3), torch.ones(1), torch.ones(1), torch.ones(3))
    with pytest.raises(ValueError, match="shapes differ"):
        categorical_loss(torch.ones(2, 3), torch.ones(2, 4))
    with pytest.raises(ValueError, match="quantile has shape"):
        quantile_huber_loss(torch.ones(2), torch.ones(2, 3))
