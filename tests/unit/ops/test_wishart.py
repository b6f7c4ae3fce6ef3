"""Draws of the Wishart and the normal-Wishart, by their moments."""

import pytest
import torch

from palestra.errors import UsageError
from palestra.ops.wishart import normal_wishart, wishart

SCALE = torch.tensor([[1.0, 0.4, 0.0], [0.4, 2.0, -0.5], [0.0, -0.5, 0.7]], dtype=torch.float64)


def test_mean_and_variance_are_those_of_the_distribution() -> None:
    generator, degrees = torch.Generator().manual_seed(0), 7.0
    drawn = torch.stack([wishart(SCALE, degrees, generator) for _ in range(4_000)])
    assert torch.allclose(drawn, drawn.mT)
    # E W = n V;  Var W_ij = n (V_ij^2 + V_ii V_jj)  (Wishart 1928)
    variance = degrees * (SCALE.square() + torch.outer(SCALE.diag(), SCALE.diag()))
    off = (drawn.mean(0) - degrees * SCALE) / (variance / len(drawn)).sqrt()
    assert off.abs().max() < 4
    assert torch.allclose(drawn.var(0), variance, rtol=0.15)


def test_too_few_degrees_of_freedom_are_refused() -> None:
    with pytest.raises(UsageError, match="2 degrees of freedom for 3 x 3; expected more than 2"):
        wishart(SCALE, 2.0, torch.Generator())


def test_mean_and_precision_have_the_moments_of_the_posterior() -> None:
    generator = torch.Generator().manual_seed(1)
    row_BF = torch.randn(12, 3, dtype=torch.float64, generator=generator) @ SCALE + 1.5
    prior_F, strength, degrees = torch.tensor([0.5, 0.0, -1.0], dtype=torch.float64), 2.0, 5.0
    drawn = [normal_wishart(row_BF, prior_F, SCALE, strength, degrees, generator) for _ in range(4_000)]
    mean_LF, precision_LFF = map(torch.stack, zip(*drawn, strict=True))
    found = row_BF.mean(0)
    # Murphy 2007, equations 215 to 220.
    spread = (row_BF - found).T @ (row_BF - found)
    apart = found - prior_F
    inverse = SCALE.inverse() + spread + 2.0 * 12 / 14 * torch.outer(apart, apart)
    scale, freedom = inverse.inverse(), degrees + 12
    variance = freedom * (scale.square() + torch.outer(scale.diag(), scale.diag()))
    off = (precision_LFF.mean(0) - freedom * scale) / (variance / len(drawn)).sqrt()
    assert off.abs().max() < 4
    middle, covariance = (2.0 * prior_F + 12 * found) / 14, inverse / (14 * (freedom - 4))
    assert ((mean_LF.mean(0) - middle) / (covariance.diag() / len(drawn)).sqrt()).abs().max() < 4
    assert torch.allclose(mean_LF.T.cov(), covariance, atol=0.15 * float(covariance.diag().max()))
