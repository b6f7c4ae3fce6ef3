"""Lines: what is no measurement is none, and nothing in a line does anything."""

import json

import numpy as np
import pytest

from palestra.errors import PalestraError
from palestra.streaming import protocol
from palestra.streaming.protocol import Command, Lines, measurement_of, object_of

GOOD = {"seq": 7, "time": 1.25, "q": [0.5, -1], "obs": [1.0, 2]}


def test_what_is_said_is_read() -> None:
    given = measurement_of(json.dumps(GOOD).encode(), 2)
    assert given is not None
    assert (given.seq, given.time, given.q_Q.tolist()) == (7, 1.25, [0.5, -1.0])
    assert given.obs is not None
    assert given.obs.tolist() == [1.0, 2.0]
    bare = measurement_of(b'{"seq": 0, "time": 0, "q": [0, 0]}', 2)
    assert bare is not None
    assert bare.obs is None
    said = object_of(Command(3, 0.06, np.array([0.1, 0.2]), np.zeros(2), 7, "moving").line())
    assert said == {"seq": 3, "time": 0.06, "q": [0.1, 0.2], "v": [0.0, 0.0], "heard": 7, "state": "moving"}


@pytest.mark.parametrize(
    "more",
    [
        {"seq": -1}, {"seq": True}, {"seq": 1.5}, {"seq": None}, {"time": "now"}, {"time": None}, {"time": True},
        {"q": [0.5]}, {"q": [0.5, "x"]}, {"q": 3}, {"q": [0.5, None]}, {"q": [[0.5], 1]}, {"obs": "x"}, {"obs": [None]},
        {"q": [0.5, 10**400]},
    ],
)  # fmt: skip
def test_what_is_no_measurement_is_none(more: dict[str, object]) -> None:
    assert measurement_of(json.dumps({**GOOD, **more}).encode(), 2) is None


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\xff\xfe", b"[1]", b"7", b'{"seq": 7', b"[" * 100_000, b'{"seq": 1, "time": NaN, "q": [0, 0]}',
        b'{"seq": 1, "time": 1e999, "q": [0, 0]}', b'{"seq": 1, "time": 0, "q": [0, Infinity]}', b"9" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_object_is_none(line: bytes) -> None:
    assert measurement_of(line, 2) is None


def test_random_bytes_are_none() -> None:
    rng = np.random.default_rng(0)
    whole = json.dumps(GOOD).encode()
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = int(rng.integers(256))
        given = measurement_of(bytes(damaged), 2)
        assert given is None or np.isfinite(given.q_Q).all()


def test_lines_come_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines()
    assert lines.taken(b"ab") == []
    assert lines.taken(b"c\nd\n\ne") == [b"abc", b"d", b""]
    assert lines.taken(b"\n") == [b"e"]
    monkeypatch.setattr(protocol, "LONGEST_LINE", 10)
    with pytest.raises(PalestraError, match="a line of more than 10 bytes"):
        lines.taken(b"x" * 11)
