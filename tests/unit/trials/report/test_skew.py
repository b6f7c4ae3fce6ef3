"""The rarest class: the sweep by hand, the average precision as scikit-learn has it."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from palestra.ops.evidence import wilson_interval
from palestra.trials.report.case import Cost
from palestra.trials.report.fits import OutOfFold
from palestra.trials.report.skew import average_precision, skew, sweep
from palestra.trials.report.sources import case_of_arrays

RNG = np.random.default_rng(0)
TARGET = (RNG.random(300) < 0.1).astype(int)
SCORE = np.clip(0.2 + 0.3 * TARGET + 0.2 * RNG.normal(size=300), 0, 1).round(2)
CASE = case_of_arrays(DummyClassifier(), np.ones((300, 1)), TARGET, cost=Cost(10.0, 1.0))
SAID = (SCORE >= 0.5).astype(int)
OWN = OutOfFold((SAID != TARGET).astype(float), np.zeros(300), SAID.astype(float),
                np.stack([1 - SCORE, SCORE], 1))  # fmt: skip


def test_the_sweep_is_scikit_learn_s() -> None:
    for point in sweep(CASE, SCORE, TARGET == 1):
        said = point["threshold"] <= SCORE
        for name, measure in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            assert point[name] == pytest.approx(measure(TARGET, said, zero_division=0))
        mistakes = 10 * ((TARGET == 1) & ~said).sum() + ((TARGET == 0) & said).sum()
        assert point["cost"] == pytest.approx(mistakes / 300)


def test_average_precision() -> None:
    assert average_precision(SCORE, TARGET == 1) == pytest.approx(average_precision_score(TARGET, SCORE))


def test_what_is_said() -> None:
    found = skew(CASE, OWN)
    assert found is not None
    assert found["class"] == "1"
    assert found["share"] == pytest.approx(TARGET.mean())
    assert found["recall"][0] == pytest.approx(recall_score(TARGET, SCORE >= 0.5))
    assert found["least_cost"]["threshold"] < 0.5  # a missed one costs ten false alarms
    assert skew(case_of_arrays(DummyRegressor(), np.ones((6, 1)), np.arange(6)), OWN) is None


def test_every_class_has_its_recall() -> None:
    target = np.repeat([0, 1, 2], [200, 60, 40])
    said = np.where(np.arange(300) < 230, 0, target)  # half of the second is missed, and nothing of the rarest
    own = OutOfFold((said != target).astype(float), np.zeros(300), said.astype(float), None)
    found = skew(case_of_arrays(DummyClassifier(), np.ones((300, 1)), target), own)
    assert found is not None
    assert found["class"] == "2"
    assert [each["share"] for each in found["recalls"]] == pytest.approx([2 / 3, 0.2, 2 / 15])
    assert [each["recall"][0] for each in found["recalls"]] == pytest.approx([1.0, 0.5, 1.0])
    low, high = wilson_interval(30, 60, level=0.975)  # of two that are not the largest
    assert found["recalls"][1]["recall"][1:] == pytest.approx([low, high])
