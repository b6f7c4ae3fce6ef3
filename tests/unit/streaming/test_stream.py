"""A robot in a process of its own, over the loopback, which stalls, repeats, drops, swaps, breaks and hangs up."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import planar
import pytest
from planar import URDF, faults

from palestra.errors import PalestraError, UsageError
from palestra.kinematics.robot_file import read_robot
from palestra.streaming.controller import Controller
from palestra.streaming.governor import Governor, StreamLimits
from palestra.streaming.protocol import Measurement
from palestra.streaming.stream import Streamed, stream

PERIOD, ACCELERATION, BOX = 0.01, 8.0, ((-0.5, -0.5, -1.0), (0.901, 0.6, 1.0))
ROBOT = Path(planar.__file__).with_name("robot_process.py")
FAULTS: dict[str, dict[str, float]] = {
    "none": {},
    "all": {"silence": 0.5, "stall": 0.02, "repeat": 0.3, "drop": 0.2, "swap": 0.3, "break": 0.2},
    "cut": {"drop": 0.1, "cut": 0.6},
}


@contextmanager
def robot(folder: Path, seed: int, wrong: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Where it listens, and its token."""
    argv = [sys.executable, str(ROBOT), str(seed), json.dumps(wrong), str(folder / "told")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield f"127.0.0.1:{said['port']}", said["token"]
            process.wait(20)  # it ends when we hang up, and has written all that it was told
        finally:
            process.kill()


def made(folder: Path, wanting: Any) -> Controller:
    (folder / "planar.urdf").write_text(URDF)
    limits = StreamLimits(ACCELERATION, end="tool", box=BOX)
    return Controller(Governor(read_robot(folder / "planar.urdf"), limits, PERIOD), wanting, tracking=1.0)


def restless(measured: Measurement) -> Any:
    """To and fro, faster than it may."""
    assert measured.obs is not None
    return np.array([5.0 * np.sin(7.0 * measured.time), 9.0 * np.cos(5.0 * measured.time)])


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told").read_text().splitlines()]


@pytest.mark.parametrize("wrong", FAULTS)
def test_whatever_the_wire_does_no_command_leaves_the_limits(wrong: str, tmp_path: Path) -> None:
    with robot(tmp_path, 3, FAULTS[wrong]) as (to, token):
        ended = stream(made(tmp_path, restless), to, token, seconds=1.2)
    commands = told(tmp_path)
    assert len(commands) > 5
    assert [each["seq"] for each in commands] == list(range(1, len(commands) + 1))
    q_TQ = np.array([[0.0, 0.0], *(each["q"] for each in commands)])
    assert faults(q_TQ, PERIOD, ACCELERATION, BOX) == []
    assert np.diff([each["time"] for each in commands]).min() >= PERIOD, "a command too soon is a speed too high"
    assert np.ptp(q_TQ, 0).min() > 0
    if wrong == "cut":
        assert ended.why == "cut"
    else:
        assert ended.why == "done"
        assert commands[-1]["state"] == "holding"
        assert not np.array(commands[-1]["v"]).any()
    if wrong == "all":
        assert min(ended.counts[each] for each in ("fresh", "again", "late", "damaged", "blind")) > 0, ended.counts


def test_a_policy_that_goes_mad_ends_at_a_stand(tmp_path: Path) -> None:
    def wanting(measured: Measurement) -> Any:
        return np.array([1.0, np.nan if measured.time > 0.3 else 1.0])

    with robot(tmp_path, 0, {}) as (to, token):
        ended = stream(made(tmp_path, wanting), to, token, seconds=30.0)
    assert ended.why.startswith("the policy wants")
    assert told(tmp_path)[-1]["state"] == "holding"


def test_another_token_is_refused(tmp_path: Path) -> None:
    with robot(tmp_path, 0, {}) as (to, _), pytest.raises(UsageError, match="the robot refuses: another token"):
        stream(made(tmp_path, restless), to, "guessed", seconds=1.0)
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("127.0.0.1", "expected HOST:PORT"), ("127.0.0.1:x", "expected HOST:PORT"), (":80", "expected HOST:PORT"),
        ("127.0.0.1:70000", "expected HOST:PORT"), ("192.0.2.1:80", "expected this machine"),
        ("robot.example:80", "expected this machine"), ("127.0.0.1:1", "no robot listens on 127.0.0.1:1"),
    ],
)  # fmt: skip
def test_addresses(to: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(PalestraError, match=said):
        stream(made(tmp_path, restless), to, "t")
    assert Streamed("done", 0, 0.0, {}).why == "done"
