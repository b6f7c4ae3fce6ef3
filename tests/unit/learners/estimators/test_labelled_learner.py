"""Estimators that learn from labels are looked at on some rows, and stop early only where there is a loss to see."""

import pytest
import torch

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.estimators.labelled_learner import LOOKED_AT, LabelledConfig
from palestra.learners.estimators.library_classifier import LibraryClassifier, LibraryClassifierConfig


def test_what_it_is_judged_on_after_a_step_is_bounded() -> None:
    size = LOOKED_AT + 500
    many = InMemory({"train": Split(torch.randn(size, 2), torch.arange(size) % 2)})
    learner = LibraryClassifier(many, LibraryClassifierConfig("GaussianNB"))
    assert len(learner._some_rows().inputs) == LOOKED_AT
    assert set(learner.step()) == {"train/accuracy", "train/log_loss"}


def test_rounds_to_wait_are_counted_from_nought() -> None:
    with pytest.raises(UsageError, match="early_stopping_rounds=-1; expected 0 or more"):
        LabelledConfig(early_stopping_rounds=-1)


def test_targets_of_several_numbers_a_row_are_refused() -> None:
    rows = InMemory({"train": Split(torch.randn(9, 2), torch.zeros(9, 2, dtype=torch.int64))})
    learner = LibraryClassifier(rows, LibraryClassifierConfig("GaussianNB"))
    with pytest.raises(UsageError, match="targets of 'in memory' that are not one a row; expected a class or a number"):
        learner.step()
