"""A content is its bytes, and no others."""

import hashlib

import pytest

from palestra.datasets.hub.content import Content, UnavailableError, megabytes

RIGHT = b"what it has to be"
CONTENT = Content("a.csv", len(RIGHT), hashlib.sha256(RIGHT).hexdigest())


def test_the_right_bytes_fit() -> None:
    assert CONTENT.fits(RIGHT)
    CONTENT.check(RIGHT)


@pytest.mark.parametrize("wrong", [b"", RIGHT + b".", RIGHT[:-1] + b"E"])
def test_other_bytes_do_not(wrong: bytes) -> None:
    assert not CONTENT.fits(wrong)
    with pytest.raises(
        UnavailableError, match=r"a\.csv has (the SHA-256 \w{16}\.\.\. there|\d+ bytes there); expected"
    ):
        CONTENT.check(wrong)


def test_sizes_as_people_read_them() -> None:
    assert [megabytes(n) for n in (11_496_804, 912_081, 15_203)] == ["11.5 MB", "0.9 MB", "15.2 kB"]
