"""Whatever arrives, no command leaves the limits; what is old is not believed, and what is wrong stops for good."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planar import URDF, faults

from palestra.errors import UsageError
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tree import Tree
from palestra.streaming.controller import Controller
from palestra.streaming.governor import Governor, StreamLimits
from palestra.streaming.protocol import Measurement

PERIOD, ACCELERATION, BOX = 0.02, 5.0, ((-0.3, -0.25, -1.0), (0.85, 0.6, 1.0))
BEGUN = np.array([0.3, 0.9])


@pytest.fixture(scope="module")
def planar(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    file: Path = tmp_path_factory.mktemp("robot") / "planar.urdf"
    file.write_text(URDF)
    return read_robot(file)


def controller(tree: Tree, wanting: Any = lambda measured: np.array([-0.4, 0.0]), **settings: Any) -> Controller:
    return Controller(Governor(tree, StreamLimits(ACCELERATION, end="tool", box=BOX), PERIOD), wanting, **settings)


def measured(seq: int, time: float, q: Any = BEGUN) -> Measurement:
    return Measurement(seq, time, np.array(q, np.float64))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_arrives_no_command_leaves_the_limits(planar: Tree, seed: int) -> None:
    """Stalls, repeats, drops, what comes late or out of order, a clock that jumps, and a policy that goes mad."""
    rng = np.random.default_rng(seed)
    mad = seed % 2 == 1

    def wanting(given: Measurement) -> Any:
        if mad and rng.random() < 0.005:
            return np.array([np.nan, 1.0])
        return rng.choice([1.0, 100.0]) * rng.normal(size=2)

    made, commands, kept, stalled = controller(planar, wanting), [BEGUN], list[Measurement](), 0
    made.heard(measured(0, 0.0), 5.0)
    for tick in range(1, 400):
        now = tick * PERIOD
        jump = rng.choice([-3.0, 3.0]) if rng.random() < 0.01 else 0.0
        kept.append(measured(tick, now + jump, commands[-1] + rng.normal(scale=0.01, size=2)))
        stalled = int(rng.integers(5, 20)) if rng.random() < 0.02 else max(0, stalled - 1)
        if not stalled and rng.random() > 0.2:
            for given in [kept[-1], *rng.permutation(len(kept))[: rng.integers(0, 3)]]:
                made.heard(given if isinstance(given, Measurement) else kept[given], 5.0 + now)
        commands.append(made.tick(5.0 + now).q_Q)
    assert faults(np.stack(commands), PERIOD, ACCELERATION, BOX) == []
    assert made.counts["late"] > 10
    assert made.counts["blind"] > 10
    assert np.ptp(np.stack(commands), 0).min() > 0.01, "it did not move"


def run(made: Controller, ticks: range, heard: Any = lambda tick: True, ahead: float = 0.0) -> list[str]:
    """Ticks in which the robot is where it was told to be; the states."""
    states = []
    for tick in ticks:
        now = tick * PERIOD
        if heard(tick):
            q = made.governor.q_Q if made.begun else BEGUN
            made.heard(measured(tick, now - ahead, q), now)
        states.append(made.tick(now).state)
    return states


def test_without_fresh_measurements_it_brakes_holds_and_goes_on(planar: Tree) -> None:
    made = controller(planar, watchdog=0.11)
    assert set(run(made, range(20))) == {"moving"}
    states = run(made, range(20, 40), heard=lambda tick: False)
    assert states == ["moving"] * 5 + ["stopping"] * 3 + ["holding"] * 12  # 0.11 s, then 0.4 rad/s at 0.1 a period
    stood = made.governor.q_Q.copy()
    assert set(run(made, range(40, 50))) == {"moving"}
    assert made.governor.q_Q[0] < stood[0]
    assert made.counts["blind"] == 15


def test_a_line_that_fills_up_is_seen_by_its_age(planar: Tree) -> None:
    """One measurement a period, each made a little longer ago than the one before."""
    made = controller(planar, watchdog=0.1)
    run(made, range(10))
    states = []
    for tick in range(10, 60):
        now = tick * PERIOD
        made.heard(measured(tick, 0.18 + 0.5 * (now - 0.18), made.governor.q_Q), now)
        states.append(made.tick(now).state)
    assert states[0] == "moving"
    assert states[-1] == "holding"


def test_a_clock_that_is_a_little_slow_is_not_late(planar: Tree) -> None:
    made = controller(planar, watchdog=0.05)
    for tick in range(20_000):
        now = tick * PERIOD
        made.heard(measured(tick, 100.0 + now * (1 - 5e-4)), now)
        assert made.age(now + PERIOD) < made.watchdog


def test_a_policy_sees_every_measurement_once_and_in_order(planar: Tree) -> None:
    seen: list[int] = []

    def wanting(given: Measurement) -> Any:
        seen.append(given.seq)
        return np.zeros(2)

    made = controller(planar, wanting)
    for seq, at in [(0, 0.0), (2, 0.02), (2, 0.02), (1, 0.01), (3, 0.015), (4, 0.03)]:
        made.heard(measured(seq, at), at)
        made.tick(at)
    assert seen == [0, 2, 2, 2, 2, 4]  # what is believed last is acted by
    assert dict(made.counts) == {"fresh": 3, "again": 1, "late": 2}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ([np.nan, 0.0], "the policy wants"), ([0.0, np.inf], "the policy wants"), ([0.0], "the policy wants"),
        ("x", "the policy failed: ValueError"), (None, "the policy wants"),
    ],
)  # fmt: skip
def test_a_policy_that_says_no_numbers_stops_it_for_good(planar: Tree, wanted: Any, said: str) -> None:
    answers = iter([np.array([-0.4, 0.0])] * 10 + [wanted])
    made = controller(planar, lambda measured: next(answers, np.array([-0.4, 0.0])))
    assert set(run(made, range(10))) == {"moving"}
    states = run(made, range(10, 30))
    assert states == ["stopping"] * 3 + ["holding"] * 17
    assert said in made.fault


def test_a_policy_that_raises_stops_it(planar: Tree) -> None:
    def wanting(given: Measurement) -> Any:
        raise RuntimeError("no")

    made = controller(planar, wanting)
    assert set(run(made, range(5))) == {"holding"}
    assert made.fault == "the policy failed: RuntimeError: no"


def test_a_robot_that_does_not_follow_is_stopped(planar: Tree) -> None:
    made = controller(planar, tracking=0.1)
    for tick in range(40):
        made.heard(measured(tick, tick * PERIOD), tick * PERIOD)
        made.tick(tick * PERIOD)
    assert made.fault.startswith("shoulder is 0.1")
    assert made.governor.stands


def test_what_it_takes_to_begin(planar: Tree) -> None:
    made = controller(planar)
    assert made.age(1.0) == float("inf")
    with pytest.raises(UsageError, match="stands with elbow beyond"):
        made.heard(measured(0, 0.0, [0.0, 3.0]), 0.0)
    for settings in ({"watchdog": 0.0}, {"tracking": float("nan")}):
        with pytest.raises(UsageError, match="expected a positive number"):
            controller(planar, **settings)
