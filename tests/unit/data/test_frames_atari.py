"""Atari in replay: what a transition of a real game takes, on as many as show it."""

import importlib
import sys
from pathlib import Path

import pytest

from palestra.data.frames import SPARE

BENCH = Path(__file__).parents[3] / "bench"
PICTURE = 84 * 84
PLACES = 2 * 4 * 4
"""Bytes for where the four pictures of an observation and of its successor lie."""
OUTCOME = 8 + 4 + 1 + 1
"""Action, reward, two flags."""


@pytest.mark.slow
def test_a_million_transitions_fit_into_eight_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    monkeypatch.syspath_prepend(str(BENCH))
    try:
        bytes_of_replay = importlib.import_module("atari_speed").bytes_of_replay
        computed = PICTURE * (1 + 1 / SPARE) + PLACES + OUTCOME
        assert 1e6 * computed < 8e9
        assert bytes_of_replay(100_000) == pytest.approx(computed, rel=0.01)
    finally:
        for name in ("atari_speed", "report"):
            sys.modules.pop(name, None)
