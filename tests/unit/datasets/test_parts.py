"""Rows held out: each in exactly one part, by the seed alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.datasets.parts import fold, held_out
from palestra.errors import UsageError


@given(st.integers(1, 200), st.data())
def test_every_row_is_in_one_part(size: int, data: st.DataObject) -> None:
    count, seed = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 5))
    rest, held = held_out(size, count, seed)
    assert len(held) == count
    assert sorted([*rest, *held]) == list(range(size))
    again = held_out(size, count, seed)
    assert np.array_equal(again[0], rest)
    assert np.array_equal(again[1], held)


@given(st.integers(2, 100), st.data())
def test_folds_cover_each_row_once(size: int, data: st.DataObject) -> None:
    folds, seed = data.draw(st.integers(2, size)), data.draw(st.integers(0, 5))
    parts = [fold(size, folds, number, seed) for number in range(folds)]
    assert sorted(row for _, held in parts for row in held) == list(range(size))
    for rest, held in parts:
        assert sorted([*rest, *held]) == list(range(size))
        assert len(held) in (size // folds, -(-size // folds))


def test_seed_and_purpose_decide() -> None:
    drawn = [held_out(100, 20, seed, purpose)[1].tolist() for seed in (0, 1) for purpose in ("validation", "test")]
    assert len({tuple(rows) for rows in drawn}) == 4


@pytest.mark.parametrize(("call", "why"), [
    (lambda: held_out(10, 10, 0), "validation=10 of 10 rows; expected 0 to 9"),
    (lambda: held_out(10, -1, 0, "test"), "test=-1 of 10 rows"),
    (lambda: fold(10, 1, 0, 0), "folds=1 of 10 rows; expected 2 to 10"),
    (lambda: fold(10, 5, 5, 0), "fold=5 of 5; expected 0 to 4"),
])  # fmt: skip
def test_parts_that_cannot_be(call: object, why: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=why):
        call()
