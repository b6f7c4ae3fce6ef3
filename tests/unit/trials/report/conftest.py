"""Two reports that several tests look at: one of classes, one of numbers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from palestra.trials.report.asked import Asked
from palestra.trials.report.report import Report, of_case
from palestra.trials.report.sources import case_of_arrays


@pytest.fixture(scope="session")
def digits_report() -> Report:
    """A tree of depth 2 on 300 digits."""
    loaded = load_digits()
    case = case_of_arrays(DecisionTreeClassifier(max_depth=2), loaded.data[:300], loaded.target[:300])
    asked = Asked(estimator="DecisionTreeClassifier", data="digits.csv", target="digit", settings={"max_depth": 2})
    return of_case(replace(case, asked=asked, called="DecisionTreeClassifier", data="digits.csv"))


@pytest.fixture(scope="session")
def sine_report() -> Report:
    """A line through a sine, with a test of the same."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-6, 6, (260, 1))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=260)
    return of_case(case_of_arrays(LinearRegression(), x[:200], y[:200], test=(x[200:], y[200:])))
