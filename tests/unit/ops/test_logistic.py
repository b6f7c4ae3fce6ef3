"""Logistic regression against scikit-learn's, weighted and not, and where classes are parted."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from palestra.errors import UsageError
from palestra.ops.logistic import DECAY, logistic_fit


def rows(count: int = 400) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    x = torch.cat([torch.ones(count, 1), torch.randn(count, 3, generator=rng)], 1).double()
    label = (x @ torch.tensor([0.5, 1.0, -2.0, 0.0]).double() + torch.randn(count, generator=rng) > 0).long()
    return x, label, 5 * torch.rand(count, generator=rng).double()


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_scikit_learns(weighted: bool) -> None:
    x, label, weight = rows()
    ours = logistic_fit(x, label, weight if weighted else None)
    theirs = LogisticRegression(C=1 / DECAY, fit_intercept=False, tol=1e-12, max_iter=1_000)
    theirs.fit(x, label, weight.numpy() if weighted else None)
    np.testing.assert_allclose(ours.weight_F.numpy(), theirs.coef_[0], rtol=1e-4, atol=1e-5)
    likely = np.log(theirs.predict_proba(x)[np.arange(len(x)), label]) * (weight.numpy() if weighted else 1)
    assert ours.log_likelihood == pytest.approx(likely.sum(), rel=1e-6)
    np.testing.assert_allclose(ours.log_odds(x).numpy(), theirs.decision_function(x), rtol=1e-3, atol=1e-4)


def test_weights_stay_finite_where_classes_are_parted() -> None:
    x = torch.linspace(-1, 1, 20)[:, None].double()
    fit = logistic_fit(x, (x[:, 0] > 0).long())
    assert torch.isfinite(fit.weight_F).all()
    assert -1 < fit.log_likelihood <= 0
    far = logistic_fit(1e4 * x, (x[:, 0] > 0).long())  # from where Newton's first steps lead beyond
    assert torch.isfinite(far.weight_F).all()


def test_labels_are_0_and_1() -> None:
    with pytest.raises(UsageError, match="labels other than 0 and 1"):
        logistic_fit(torch.ones(3, 1), torch.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match="shapes differ"):
        logistic_fit(torch.ones(3, 1), torch.tensor([0, 1]))
