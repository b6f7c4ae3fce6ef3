from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from unpacking import unpacked

from palestra.studio.packing import packed, packed_steps, plain


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(6, dtype=np.int64).reshape(2, 3), "i4"),
        (np.array([2**40, -1]), "f8"),
        (np.array([True, False]), "u1"),
        (np.array([[0, 255]], np.uint8), "u1"),
        (np.array([0.5, np.nan, np.inf]), "f4"),
        (np.empty((0, 2)), "f4"),
        (np.arange(12.0).reshape(3, 4).T, "f4"),
    ],
)
def test_what_a_page_unpacks_is_what_was_packed(values: NDArray[Any], kind: str) -> None:
    sent = packed(values)
    assert sent["type"] == kind
    np.testing.assert_array_equal(unpacked(sent), values)


def test_steps_are_exact_and_words_stay_words() -> None:
    steps = np.array([1, 2**52 + 1], np.int64)
    np.testing.assert_array_equal(unpacked(packed_steps(steps)), steps)
    assert packed(np.array([["a", "b"]])) == {"type": "list", "shape": [1, 2], "data": ["a", "b"]}


def test_a_dataclass_is_an_object_of_its_kind() -> None:
    class Point(NamedTuple):
        x: float

    @dataclass(frozen=True)
    class Figure:
        title: str
        points: list[Point]
        tiles: bytes
        rows: dict[int, Any]

    told = plain(Figure("one", [Point(float("nan")), Point(1.0)], b"SG", {3: np.float32(0.5)}))
    assert told == {
        "kind": "Figure", "title": "one", "points": [{"x": None}, {"x": 1.0}], "tiles": "SG", "rows": {"3": 0.5},
    }  # fmt: skip
