"""The linear solver against a direct solve, the line search and the adapted penalty by hand."""

import math

import pytest
import torch

from palestra.ops.trust_region import adapted_penalty, backtrack, conjugate_gradient


def positive_definite(size: int, rng: torch.Generator) -> torch.Tensor:
    root = torch.randn(size, size, generator=rng, dtype=torch.float64)
    return root @ root.t() + 0.1 * torch.eye(size, dtype=torch.float64)


def test_it_is_the_direct_solution() -> None:
    rng = torch.Generator().manual_seed(0)
    for size in (1, 2, 5, 20):
        matrix, b = positive_definite(size, rng), torch.randn(size, generator=rng, dtype=torch.float64)
        x = conjugate_gradient(lambda v, m=matrix: m @ v, b, max_steps=4 * size, tolerance=1e-24)
        torch.testing.assert_close(x, torch.linalg.solve(matrix, b), rtol=1e-8, atol=1e-8)


def test_two_steps_by_hand() -> None:
    # Wikipedia's worked example, from x = 0: A = [[4, 1], [1, 3]], b = [1, 2], solution [1/11, 7/11].
    matrix, b = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64), torch.tensor([1.0, 2.0]).double()
    one = conjugate_gradient(lambda v: matrix @ v, b, max_steps=1)
    assert one.tolist() == pytest.approx([0.25, 0.5])  # alpha = 5 / 20
    two = conjugate_gradient(lambda v: matrix @ v, b, max_steps=2)
    assert two.tolist() == pytest.approx([1 / 11, 7 / 11])


def test_no_more_products_than_allowed_or_needed() -> None:
    rng = torch.Generator().manual_seed(1)
    matrix, b = positive_definite(10, rng), torch.randn(10, generator=rng, dtype=torch.float64)
    seen = []

    def product(v: torch.Tensor) -> torch.Tensor:
        seen.append(v)
        return matrix @ v

    conjugate_gradient(product, b, max_steps=3)
    assert len(seen) == 3
    seen.clear()
    identity = conjugate_gradient(lambda v: (seen.append(v), 2 * v)[1], b, max_steps=9)
    torch.testing.assert_close(identity, b / 2)
    assert len(seen) == 1
    seen.clear()
    assert conjugate_gradient(product, torch.zeros(10).double(), max_steps=3).tolist() == [0.0] * 10
    assert seen == []
    with pytest.raises(ValueError, match=r"target has shape \(2, 1\)"):
        conjugate_gradient(product, torch.zeros(2, 1), max_steps=1)


def test_the_line_search_takes_the_first_that_is_accepted() -> None:
    tried: list[float] = []

    def accepts(fraction: float) -> bool:
        tried.append(fraction)
        return fraction <= 0.3

    assert backtrack(accepts, shrink=0.5, max_steps=10) == 0.25
    assert tried == [1.0, 0.5, 0.25]
    tried.clear()
    assert backtrack(accepts, shrink=0.5, max_steps=2) == 0.0
    assert tried == [1.0, 0.5]


@pytest.mark.parametrize(
    ("beta", "kl", "expected"),
    [
        (1.0, 0.0151, 2.0), (1.0, 0.0149, 1.0), (1.0, 0.0067, 1.0), (1.0, 0.0066, 0.5), (3.0, 1.0, 6.0),
        (1e-4, 0.0, 1e-4), (8e3, 1.0, 1e4), (2.0, math.nan, 2.0),
    ],
)  # fmt: skip
def test_the_price_of_divergence_moves_both_ways(beta: float, kl: float, expected: float) -> None:
    assert adapted_penalty(beta, kl, target=0.01) == expected
