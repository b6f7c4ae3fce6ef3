"""Where the errors are: counted by hand."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from palestra.trials.report.errors import confusion, errors, slices
from palestra.trials.report.fits import OutOfFold
from palestra.trials.report.sources import case_of_arrays

COLUMN = np.repeat([0.0, 1.0], 100)
TARGET = np.tile([0, 1], 100)
CASE = case_of_arrays(DummyClassifier(), np.c_[COLUMN, np.arange(200)], TARGET, features=("half", "place"))
SAID = np.where((COLUMN == 1) & (TARGET == 1), 0, TARGET)
SHARE = np.stack([1 - SAID, SAID], 1) * 0.8 + 0.1
OWN = OutOfFold((SAID != TARGET).astype(float), np.zeros(200), SAID.astype(float), SHARE)


def test_confusion_and_pairs() -> None:
    assert confusion(CASE, OWN).tolist() == [[100, 0], [50, 50]]
    found = errors(CASE, OWN)
    assert found["pairs"] == [{"given": "1", "predicted": "0", "rows": 50, "share_of_errors": 1.0}]
    assert len(found["worst"]) == 30
    assert found["worst"][0] == {"row": 102, "given": "1", "predicted": "0", "probability": 0.9}


def test_slices_and_what_mending_them_gains() -> None:
    first = slices(CASE, OWN.held)[0]
    assert first["slice"] == "half = 1"
    assert (first["rows"], first["error"], first["overall"]) == (100, 0.5, 0.25)
    assert first["ceiling"] == pytest.approx(0.0)  # as good as the other half: no errors at all


def test_luck_is_no_slice() -> None:
    held = (np.random.default_rng(0).random(200) < 0.2).astype(float)
    assert slices(CASE, held) == []
