"""Commands: whatever is wanted, none leaves the limits, and none keeps further from them than it has to."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planar import ENDS, SPEEDS, URDF, faults, tool

from palestra.errors import UsageError
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tree import Tree
from palestra.streaming.governor import Governor, StreamLimits

PERIOD, BOX = 0.02, ((-0.3, -0.25, -1.0), (0.85, 0.6, 1.0))
BEGUN = np.array([0.3, 0.9])


@pytest.fixture(scope="module")
def planar(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    file: Path = tmp_path_factory.mktemp("robot") / "planar.urdf"
    file.write_text(URDF)
    return read_robot(file)


def governor(tree: Tree, *, box: Any = None, acceleration: float = 5.0, period: float = PERIOD) -> Governor:
    made = Governor(tree, StreamLimits(acceleration, end="tool", box=box), period)
    made.begin(BEGUN)
    return made


@pytest.mark.parametrize("box", [None, BOX], ids=["", "a box"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_wanted_nothing_leaves_the_limits(planar: Tree, seed: int, box: Any) -> None:
    rng = np.random.default_rng(seed)
    acceleration, period = rng.uniform(2.0, 20.0), rng.uniform(0.005, 0.05)
    made, commands, wanted = governor(planar, box=box, acceleration=acceleration, period=period), [BEGUN], np.zeros(2)
    for _ in range(300):
        if rng.random() < 0.1:
            wanted = rng.choice([0.3, 3.0, 1e6]) * rng.normal(size=2)
        commands.append(made.brake() if rng.random() < 0.05 else made.step(wanted))
    assert faults(np.stack(commands), period, acceleration, box) == []
    assert np.ptp(np.stack(commands), 0).min() > 0.2, "it did not move"


def test_a_joint_comes_to_its_end_and_is_no_later_there_than_it_has_to_be(planar: Tree) -> None:
    """Full acceleration, full speed, full brake: d/v + v/a seconds over a way d that is long enough for full speed."""
    made, (low, high), speed, acceleration = governor(planar), ENDS[0], SPEEDS[0], 5.0
    made.begin(np.array([low, 0.0]))
    way, ticks = [low], 0
    while way[-1] < high - 1e-4:
        way.append(made.step(np.array([1e9, 0.0]))[0])
        ticks += 1
    least = (high - low) / speed + speed / acceleration
    assert ticks * PERIOD == pytest.approx(least, abs=3 * PERIOD)
    assert way[-1] <= high


def test_the_tool_comes_to_the_side_of_its_box(planar: Tree) -> None:
    made = governor(planar, box=BOX, period=0.01)
    for _ in range(600):
        command = made.step(np.array([0.0, -0.5]))  # the elbow straightens, and the tool goes out along x
    assert made.stands or np.abs(made.v_Q).max() < 0.05
    assert BOX[1][0] - 0.01 < tool(command)[0] <= BOX[1][0]


def test_what_is_left_of_a_way_is_what_braking_takes(planar: Tree) -> None:
    made, rng = governor(planar), np.random.default_rng(0)
    for _ in range(50):
        speed_2 = rng.uniform(0.0, 4.0, 2)
        left_2, braked_2 = np.zeros(2), speed_2.copy()
        while braked_2.any():
            left_2 += braked_2 * PERIOD
            braked_2 = np.maximum(braked_2 - made.brake_Q, 0.0)
        np.testing.assert_allclose(made._stopping(left_2), speed_2, atol=1e-9)
    assert np.isinf(made._stopping(np.array([np.inf, 0.0]))).tolist() == [True, False]


def test_it_stops_as_soon_as_it_can(planar: Tree) -> None:
    made = governor(planar)
    for _ in range(30):
        made.step(np.array([1.0, 0.0]))
    for left in range(10, 0, -1):  # 1 rad/s at 0.1 a period
        assert not made.stands
        made.brake()
        np.testing.assert_allclose(made.v_Q, [(left - 1) * 0.1, 0.0], atol=1e-9)
    made.brake()
    assert made.stands


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"acceleration": 0.0}, "acceleration=0.0; expected a positive number"),
        ({"acceleration": [1.0, 2.0, 3.0]}, "or one of each of 2 joints"),
        ({"acceleration": float("nan")}, "acceleration=nan"),
        ({"acceleration": 0.01}, "a stop of 15,000 periods of 0.02 s from full speed; expected at most 1,000"),
        ({"acceleration": 1.0, "speed": float("inf")}, "speed=inf"),
        ({"acceleration": 1.0, "box": ((0, 0), (1, 1)), "end": "tool"}, "expected the least x, y, z"),
        ({"acceleration": 1.0, "box": ((0, 0, 1), (1, 1, 0)), "end": "tool"}, "each larger than its least"),
        ({"acceleration": 1.0, "box": BOX, "end": "hand"}, "unknown frame of 'planar' 'hand'"),
    ],
)
def test_limits_that_are_none(planar: Tree, limits: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Governor(planar, StreamLimits(**limits), PERIOD)


def test_a_robot_begins_within_its_limits(planar: Tree) -> None:
    made = governor(planar, box=BOX)
    with pytest.raises(UsageError, match="stands with elbow beyond its end"):
        made.begin(np.array([0.0, 3.0]))
    with pytest.raises(UsageError, match="whose tool stands out of the box"):
        made.begin(np.array([0.0, 0.0]))
    with pytest.raises(UsageError, match="period=0"):
        Governor(planar, StreamLimits(1.0), 0.0)
