"""IDX: what it holds, and that damage is an error of one line."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import outcome

from palestra.datasets.formats.idx import read_idx
from palestra.errors import PalestraError


def idx(array: np.ndarray) -> bytes:
    """An array as the format's page describes it."""
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


IMAGES = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)


def test_the_numbers_come_back() -> None:
    assert np.array_equal(read_idx(idx(IMAGES), "images", 3), IMAGES)
    assert read_idx(idx(IMAGES.reshape(60)), "labels", 1).tolist() == list(range(60))


def test_bytes_by_hand() -> None:
    data = bytes.fromhex("00000801 00000003 070205")
    assert read_idx(data, "labels", 1).tolist() == [7, 2, 5]


@pytest.mark.parametrize(("data", "why"), [
    (b"", "labels is no IDX file of 1 dimensions; it begins with "),
    (bytes.fromhex("00000803 00000003 070205"), "begins with 00 00 08 03"),
    (bytes.fromhex("00000901 00000003 070205"), "begins with 00 00 09 01"),
    (bytes.fromhex("00000801 0000"), "is no IDX file"),
    (bytes.fromhex("00000801 00000003 0702"), "labels has 10 bytes; expected 11 for 3"),
    (bytes.fromhex("00000801 00000003 07020501"), "labels has 12 bytes; expected 11 for 3"),
    (bytes.fromhex("00000801 ffffffff 070205"), "expected 4,294,967,303 for 4294967295"),
])  # fmt: skip
def test_what_is_none(data: bytes, why: str) -> None:
    with pytest.raises(PalestraError, match=why):
        read_idx(data, "labels", 1)


@given(st.binary(max_size=64), st.integers(1, 4))
def test_any_bytes_are_an_array_or_an_error(data: bytes, dimensions: int) -> None:
    array, _ = outcome(lambda: read_idx(data, "x", dimensions))
    assert array is None or idx(array) == data


@given(st.lists(st.tuples(st.integers(0, 75), st.integers(0, 255)), max_size=4), st.integers(0, 76))
def test_a_damaged_file_is_an_array_or_an_error(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(idx(IMAGES))
    for place, value in changes:
        data[place] = value
    array, _ = outcome(lambda: read_idx(bytes(data[:length]), "x", 3))
    assert array is None or idx(array) == data[:length]
