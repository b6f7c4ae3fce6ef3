"""A report as a whole: what it says of a plain case, as JSON values, twice the same."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from palestra.errors import UsageError
from palestra.trials.report.report import Report, of_case, report
from palestra.trials.report.sources import case_of_arrays


def test_the_object(digits_report: Report) -> None:
    told = json.loads(json.dumps(digits_report.to_json()))
    (diagnosis,) = told["diagnoses"]
    assert diagnosis["name"] == "underfit"
    assert set(diagnosis) >= {"name", "confidence", "evidence", "next"}
    assert 0.5 < diagnosis["confidence"] <= 1
    assert told["verdict"].startswith("Underfit (bias): Training ")
    levels = told["levels"]
    assert levels["avoidable_bias"][0] == pytest.approx(levels["train"][0] - levels["reference"]["loss"][0])
    assert levels["variance"][0] == pytest.approx(levels["cross_validation"][0] - levels["train"][0])
    assert {"learning_curve", "complexity_curve", "errors", "skew", "leaks", "labels", "shift", "next"} <= set(told)
    shown = digits_report._repr_html_()
    assert shown.startswith("<iframe sandbox srcdoc=")
    assert shown.count('"') == 4, "the page is within its quotes"


def test_the_test_is_looked_at(sine_report: Report) -> None:
    shift = sine_report.evidence["shift"]
    assert shift["rows"] == 60
    assert shift["test"][0] > 0.5
    assert sine_report.names == ["underfit"]


def test_twice_the_same() -> None:
    x = np.random.default_rng(0).normal(size=(80, 2))
    one, other = (of_case(case_of_arrays(LinearRegression(), x, x[:, 0] + x[:, 1] ** 2)) for _ in range(2))
    assert one.to_json() == other.to_json()


def test_an_unknown_wish() -> None:
    with pytest.raises(UsageError, match=r"report with \['estimators'\]; expected some of"):
        report(estimators="SVC")
