"""Five ways to say one orientation agree; what contradicts itself is told. test_motion.py holds each to MuJoCo."""

import math

import pytest
import torch

from palestra.errors import UsageError
from palestra.kinematics.orientation import Angles, orientation


def test_five_ways_say_the_same() -> None:
    """A quarter of a turn about x."""
    expected = torch.tensor([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=torch.float64)
    half = str(math.sqrt(0.5))
    for way in (
        {"quat": f"{half} {half} 0 0"},
        {"axisangle": "2 0 0 90"},
        {"euler": "90 0 0"},
        {"xyaxes": "1 0 0 5 0 2"},
        {"zaxis": "0 -3 0"},
    ):
        torch.testing.assert_close(orientation(way, Angles(), "it"), expected, atol=1e-12, rtol=0)
    radians = orientation({"euler": f"{math.pi / 2} 0 0"}, Angles(degrees=False), "it")
    torch.testing.assert_close(radians, expected, atol=1e-12, rtol=0)
    assert torch.equal(orientation({}, Angles(), "it"), torch.eye(3, dtype=torch.float64))


def test_small_letters_turn_with_the_body_and_capitals_stand_still() -> None:
    with_it = orientation({"euler": "10 20 30"}, Angles(sequence="xyz"), "it")
    still = orientation({"euler": "30 20 10"}, Angles(sequence="ZYX"), "it")
    torch.testing.assert_close(with_it, still)
    assert not torch.allclose(with_it, orientation({"euler": "10 20 30"}, Angles(sequence="XYZ"), "it"))


def test_contradictions_are_told() -> None:
    for way, said in (
        ({"quat": "1 0 0 0", "euler": "0 0 0"}, "euler and quat of it; expected one way to say an orientation"),
        ({"quat": "0 0 0 0"}, "quat of it of no length"),
        ({"axisangle": "0 0 0 1"}, "axisangle of it of no length"),
        ({"xyaxes": "1 0 0 2 0 0"}, "xyaxes of it of no length"),
        ({"zaxis": "0 0"}, "zaxis='0 0' of it; expected 3 finite numbers"),
    ):
        with pytest.raises(UsageError, match=said):
            orientation(way, Angles(), "it")
