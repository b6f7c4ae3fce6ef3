"""Ranks that are processes: what each says reaches all, and one that is killed is missed at once."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from palestra.engine.joined import Joined
from palestra.engine.ranks import Ranks
from palestra.errors import UsageError

PROGRAM = Path(__file__).parents[2] / "toys" / "forked_ranks.py"


@pytest.fixture(scope="module")
def said() -> dict[str, list[Any]]:
    """What each rank of two gave that talked, and of three one of which was killed."""
    words = [sys.executable, PROGRAM, "2", "talk", "3", "die"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


def test_everybody_hears_everybody(said: dict[str, list[Any]]) -> None:
    first, second = said["talk"]
    both = {
        "sum": [1.0, 3.0, 5.0, 7.0, 9.0], "whole": [[0], [9], [1], [9]], "mean": 0.5, "means": {"a": 0.5, "b": 7.0},
        "same": True, "highest": 10, "backend": "gloo",
    }  # fmt: skip
    assert {name: first[name] for name in both} == both == {name: second[name] for name in both}
    assert first["others"] == [{"own": [[1, 1], [1, 1]], "name": "rank 1"}]
    assert second["others"] == []
    assert [each["share"] for each in (first, second)] == [[0, 1, 3, 1 / 3], [1, 3, 3, 2 / 3]]


def test_one_that_is_killed_is_missed_at_once_and_in_one_line(said: dict[str, list[Any]]) -> None:
    *left, killed = said["die"]
    assert killed == -signal.SIGKILL
    for each in left:
        assert each["said"].startswith("another of the 3 processes is gone (")
        assert each["said"].endswith("); all is saved")
        assert "\n" not in each["said"]
        assert each["seconds"] < 10


@pytest.mark.parametrize(("name", "local", "where"), [("cpu", 1, "cpu"), ("auto", 1, "auto"), ("cuda", 1, "cuda:1")])
def test_each_has_a_gpu_of_its_own(name: str, local: int, where: str) -> None:
    ranks = Joined.__new__(Joined)
    ranks.size, ranks.local = 2, local
    assert isinstance(ranks, Ranks)
    assert ranks.device(name) == where
    with pytest.raises(UsageError, match="device=cuda:0 with 2 processes; expected cpu, or cuda, one each"):
        ranks.device("cuda:0")
