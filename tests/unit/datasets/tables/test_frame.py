"""Frames: rows and columns of a table."""

import numpy as np
import pytest

from palestra.datasets.tables.frame import Frame, Words, as_words, missing
from palestra.errors import UsageError

FRAME = Frame({"size": np.array([1.0, np.nan, 3.5]), "kind": Words(("a", "b"), np.array([1, 0, -1]))})


def test_rows_and_columns() -> None:
    assert len(FRAME) == 3
    part = FRAME.taken(np.array([2, 0]))
    assert part.numbers("size").tolist() == [3.5, 1.0]
    kind = part.column("kind")
    assert isinstance(kind, Words)
    assert (kind.levels, kind.codes.tolist()) == (("a", "b"), [-1, 1])
    assert [*FRAME.without(["size"]).columns] == ["kind"]


def test_what_is_missing() -> None:
    assert missing(FRAME.column("size")).tolist() == [False, True, False]
    assert missing(FRAME.column("kind")).tolist() == [False, False, True]


def test_columns_that_are_not_there() -> None:
    with pytest.raises(UsageError, match="unknown column 'sise'; nearest: size"):
        FRAME.column("sise")
    with pytest.raises(UsageError, match="unknown column 'colour'"):
        FRAME.without(["colour"])
    with pytest.raises(UsageError, match=r"column 'kind' holds words \(a, b\); expected numbers"):
        FRAME.numbers("kind")


def test_numbers_as_words() -> None:
    words = as_words(np.array([20.0, 3.5, np.nan, 20.0]))
    assert (words.levels, words.codes.tolist()) == (("3.5", "20"), [1, 0, -1, 1])
    kind = FRAME.column("kind")
    assert isinstance(kind, Words)
    assert as_words(kind) is kind
