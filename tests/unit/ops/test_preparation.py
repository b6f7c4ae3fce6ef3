"""Traces of a preparation: on the rows that were looked at, and on no others."""

import numpy as np
import pytest

from palestra.ops.preparation import (
    filled,
    measured,
    projected,
    ranged,
    robust,
    standardised,
    target_means,
)

RNG = np.random.default_rng(1)
ROWS = RNG.normal(3.0, 2.0, (120, 4)) @ RNG.normal(size=(4, 4))
COLUMNS = [0, 1, 2, 3]


@pytest.mark.parametrize("freedom", [0, 1])
def test_standardised(freedom: int) -> None:
    done = (ROWS - ROWS.mean(0)) / ROWS.std(0, ddof=freedom)
    assert standardised(done, COLUMNS)
    assert standardised(done.round(6), COLUMNS)
    assert not standardised(ROWS, COLUMNS)
    assert not standardised(done[:80], COLUMNS)
    assert standardised(np.c_[done[:, :3], ROWS[:, 3]], COLUMNS) == [0, 1, 2]
    assert standardised(done, [2]) == [2]
    assert standardised(done.round(3), [2]) == []
    assert standardised(done, []) == []


def test_normal_numbers_by_themselves_are_not() -> None:
    assert not any(standardised(np.random.default_rng(i).normal(size=(500, 2)), [0, 1]) for i in range(200))


def test_ranged() -> None:
    done = (ROWS - ROWS.min(0)) / (ROWS.max(0) - ROWS.min(0))
    assert ranged(done, COLUMNS)
    assert ranged(done, [0]) == []
    assert not ranged(ROWS, COLUMNS)
    short = np.delete(done, [int(done[:, 0].argmax())], 0)
    assert 0 not in ranged(short, COLUMNS)
    assert not ranged(np.clip(done, 0.2, 0.8) / 0.6 - 1 / 3, COLUMNS)  # as pixels saturate: many at either end


def test_projected() -> None:
    centred = ROWS - ROWS.mean(0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    assert projected(scores, COLUMNS)
    assert not projected(ROWS, COLUMNS)
    assert not projected(scores[:70], COLUMNS)
    assert not projected(scores, [0, 1])


def test_filled() -> None:
    rows = ROWS.copy()
    rows[:15, 1] = np.nan
    rows[:15, 1] = np.nanmean(rows[:, 1])
    assert filled(rows, COLUMNS) == [1]
    rows[:15, 1] = 7.0
    assert filled(rows, COLUMNS) == []


def test_target_means() -> None:
    category = RNG.integers(0, 6, 120)
    target = RNG.normal(size=120) + category
    means = np.array([target[category == i].mean() for i in range(6)])[category]
    assert target_means(np.c_[ROWS, means], target) == [4]
    assert target_means(np.c_[ROWS, category], target) == []
    assert target_means(np.c_[ROWS, means][:60], target[:60]) == []
    labels = (target > 3).astype(float)
    assert target_means(np.c_[labels, ROWS], labels) == []  # the target itself is no mean of it


def test_measured() -> None:
    rows = np.c_[ROWS, RNG.integers(0, 3, 120), np.where(np.arange(120) == 3, np.nan, ROWS[:, 0])]
    assert measured(rows) == COLUMNS


def test_robust() -> None:
    low, middle, high = np.quantile(ROWS, (0.25, 0.5, 0.75), axis=0)
    done = (ROWS - middle) / (high - low)
    assert robust(done, COLUMNS) == COLUMNS
    assert robust(done[:90], COLUMNS) == []
    assert robust(ROWS, COLUMNS) == []
