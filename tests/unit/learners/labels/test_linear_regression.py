"""Linear regression against NumPy's and scikit-learn's closed forms, and its derivative against autograd."""

from math import factorial
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.datasets.polynomial import COEFFICIENTS
from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.labels.linear_regression import LinearRegression, LinearRegressionConfig

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) + 1
Y = X @ [2.0, -3.4, 0.5] + 4.2 + 0.3 * RNG.normal(size=60)


def points(y: Any = Y) -> InMemory:
    return InMemory({"train": Split(torch.from_numpy(X), torch.from_numpy(np.asarray(y)))})


def make(source: Any = None, seed: int = 0, **settings: Any) -> LinearRegression:
    return LinearRegression(points() if source is None else source, LinearRegressionConfig(**settings), seed=seed)


def solved(source: Any = None, **settings: Any) -> LinearRegression:
    return make(source, solver="closed-form", **settings).learn(1)


def test_at_once_it_solves_the_normal_equations() -> None:
    learner = solved("diabetes")
    x, y = (column.double().numpy() for column in learner.train)  # type: ignore[union-attr]
    with_ones = np.c_[x, np.ones(len(x))]
    expected = np.linalg.solve(with_ones.T @ with_ones, with_ones.T @ y)
    found = np.r_[learner.weight_F.numpy(), float(learner.bias)]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * abs(expected).max())
    assert (learner.finished, learner.clock) == (True, len(x))


def test_with_weight_decay_it_is_ridge_and_the_bias_does_not_decay() -> None:
    learner = solved(weight_decay=0.3)
    ridge = Ridge(alpha=0.3 * len(X)).fit(X, Y)
    np.testing.assert_allclose(learner.weight_F.numpy(), ridge.coef_, rtol=1e-10)
    assert float(learner.bias) == pytest.approx(ridge.intercept_, rel=1e-10)
    raised = solved(points(Y + 1_000.0), weight_decay=0.3)
    np.testing.assert_allclose(raised.predict(X), learner.predict(X) + 1_000.0, rtol=1e-10)


@pytest.mark.parametrize("solver", ["by-hand", "autograd"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_descent_ends_where_the_closed_form_is(solver: str, weight_decay: float) -> None:
    settings = {"solver": solver, "weight_decay": weight_decay, "batch_size": 60, "learning_rate": 0.3}
    learner, there = make(**settings).learn(60 * 1_500), solved(weight_decay=weight_decay)
    np.testing.assert_allclose(learner.weight_F.numpy(), there.weight_F.numpy(), rtol=1e-10)
    assert float(learner.bias) == pytest.approx(float(there.bias), rel=1e-10)


def test_both_forms_of_the_derivative_are_one() -> None:
    learner = make(weight_decay=0.2, degree=2)
    learner.weight_F.copy_(torch.from_numpy(RNG.normal(size=6)))
    x, y = torch.randn(9, 6).double(), torch.randn(9).double()
    for ours, theirs in zip(learner.by_hand(x, y), learner.by_autograd(x, y), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    ends = [make(solver=solver, weight_decay=0.2, batch_size=7).learn(240) for solver in ("by-hand", "autograd")]
    torch.testing.assert_close(ends[0].weight_F, ends[1].weight_F, rtol=1e-12, atol=1e-12)
    assert float(ends[0].weight_F.norm()) > 1


def test_every_column_has_its_powers_each_divided_by_its_factorial() -> None:
    learner = solved(degree=3)
    powers = np.concatenate([X**k / factorial(k) for k in (1, 2, 3)], 1)
    expected = powers @ learner.weight_F.numpy() + float(learner.bias)
    np.testing.assert_allclose(learner.predict(X), expected, rtol=1e-12)


def errors(degree: int, weight_decay: float = 0.0, **data: Any) -> list[float]:
    learner = solved(Dataset("toy/polynomial", data), degree=degree, weight_decay=weight_decay)
    return [learner.evaluate(split=split).score for split in ("train", "test")]


def test_a_cubic_is_found_by_degree_three_and_by_no_other() -> None:
    learner = solved("toy/polynomial", degree=3)
    found = [float(learner.bias), *learner.weight_F.tolist()]
    assert found == pytest.approx(COEFFICIENTS, abs=0.1)
    train, test = errors(3)
    assert 0.08 < train < test < 0.12  # the noise is 0.1
    too_simple = errors(1)
    assert min(too_simple) > 10 * test
    few = {"train": 12}
    train, test = errors(10, **few)
    assert train < 0.05 < 10 * 0.12 < test  # it follows the noise
    assert errors(10, 1e-3, **few)[1] < test  # and less so with decaying weights


@pytest.mark.parametrize("wrong", [{"degree": 0}, {"learning_rate": 0.0}, {"weight_decay": -0.1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        LinearRegressionConfig(**wrong)


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(
        estimator(LinearRegression)(solver="closed-form"), on_skip=None
    )  # what is skipped needs pandas, or the array API
