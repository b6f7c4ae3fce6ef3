"""Copies are told from rows that are equal by chance."""

import numpy as np

from palestra.ops.copies import are_copies, numbers_rows, pairs, pattern_numbers

RNG = np.random.default_rng(0)


def test_patterns_are_numbered_bit_for_bit() -> None:
    rows = np.array([[1.0, np.nan], [0.0, 2.0], [1.0, np.nan], [-0.0, 2.0], [1.0, 3.0]])
    pattern = pattern_numbers(rows)
    assert pattern[0] == pattern[2]
    assert pattern[1] == pattern[3]
    assert len(set(pattern.tolist())) == 3
    assert pairs(pattern) == 2
    assert pairs(np.array([0, 0, 0, 1])) == 3


def test_measured_rows_that_are_equal_are_copies() -> None:
    rows = RNG.normal(size=(50, 3))
    again = np.concatenate([rows, rows[:5]])
    assert np.flatnonzero(are_copies(again)).tolist() == [0, 1, 2, 3, 4, 50, 51, 52, 53, 54]
    assert not are_copies(rows).any()


def test_many_columns_of_few_values_are_copied_too() -> None:
    rows = RNG.integers(0, 4, (100, 40)).astype(float)
    assert are_copies(np.concatenate([rows, rows[:6]])).sum() == 12


def test_few_columns_of_few_values_agree_by_chance() -> None:
    rows = RNG.integers(0, 3, (300, 3)).astype(float)
    assert len(np.unique(pattern_numbers(rows))) < 30
    assert not are_copies(rows).any()


def test_a_value_of_its_own_makes_a_copy_among_rows_that_agree_by_chance() -> None:
    rows = RNG.integers(0, 3, (300, 3)).astype(float)
    rows[0, 2] = 17.25
    found = are_copies(np.concatenate([rows, rows[:1]]))
    assert np.flatnonzero(found).tolist() == [0, 300]


def test_a_column_that_numbers_rows() -> None:
    assert numbers_rows(np.arange(20.0))
    assert numbers_rows(RNG.permutation(20).astype(float))
    assert numbers_rows(np.sort(RNG.normal(size=20)))  # times, perhaps
    assert not numbers_rows(RNG.normal(size=20))
    assert not numbers_rows(RNG.integers(0, 5, 20).astype(float))
    assert not numbers_rows(np.full(20, np.nan))
