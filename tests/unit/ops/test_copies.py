"""Copies are told from rows that are equal by chance."""

import numpy as np

from palestra.ops.copies import are_copies, numbers_rows, pairs, pairs_but_for_one, pattern_numbers

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


def households() -> np.ndarray:
    """Rows of few values that go together: of forty kinds, each column mostly as its kind has it."""
    kind, usual = RNG.integers(0, 40, 900), RNG.integers(0, 6, (40, 8))
    return np.where(RNG.random((900, 8)) < 0.9, usual[kind], RNG.integers(0, 6, (900, 8))).astype(float)


def test_columns_that_go_together_agree_by_chance_more_often() -> None:
    rows = households()
    pattern = pattern_numbers(rows)
    independent = np.prod([((np.unique(c, return_counts=True)[1] / 900) ** 2).sum() for c in rows.T]) * 900 * 899 / 2
    assert pairs(pattern) > 100 * independent
    assert not are_copies(rows).any()


def test_pairs_but_for_one_by_brute_force() -> None:
    rows = households()[:80]
    same = (rows[:, None] == rows[None]) | (np.isnan(rows[:, None]) & np.isnan(rows[None]))
    assert pairs_but_for_one(rows) == np.triu(same.sum(2) == rows.shape[1] - 1, 1).sum() > 0


def test_a_value_of_its_own_makes_a_copy_among_rows_that_agree_by_chance() -> None:
    rows = RNG.integers(0, 3, (300, 3)).astype(float)
    rows[0, 2] = 17.25
    found = are_copies(np.concatenate([rows, rows[:1]]))
    assert np.flatnonzero(found).tolist() == [0, 300]


def test_a_word_of_many_rows_is_no_value_of_its_own() -> None:
    kind = np.repeat([0.0, 1.0], 60)  # which says all that the table says
    assert not are_copies(np.stack([np.full(120, 7.0), kind], 1)).any()
    assert not are_copies(np.stack([kind, kind], 1)).any()


def test_a_column_that_numbers_rows() -> None:
    assert numbers_rows(np.arange(20.0))
    assert numbers_rows(RNG.permutation(20).astype(float))
    assert numbers_rows(np.sort(RNG.normal(size=20)))  # times, perhaps
    assert not numbers_rows(RNG.normal(size=20))
    assert not numbers_rows(RNG.integers(0, 5, 20).astype(float))
    assert not numbers_rows(np.full(20, np.nan))
