"""A robot as data contradicts itself in one line, is drawn within its limits, and has a sensible posture of rest."""

import math

import pytest
import torch

from palestra.errors import UsageError
from palestra.kinematics.motion import forward
from palestra.kinematics.tree import Frame, Joint, Tree, make_tree

EYE = torch.eye(4)
BASE = Frame("base", -1, EYE)


def lever(*joints: Joint) -> Tree:
    """Joints one behind the other, a metre apart along x."""
    offset = EYE.clone()
    offset[0, 3] = 1.0
    frames = [BASE, *(Frame(f"link {i}", i, offset, i, slides=joint.slides) for i, joint in enumerate(joints))]
    return make_tree("lever", joints, frames)


def test_joints_turn_and_slide_by_the_books() -> None:
    tree = lever(Joint("a"), Joint("b", slides=True), Joint("c"))
    q_BQ = torch.tensor([[math.pi / 2, 0.5, -math.pi / 2]], dtype=torch.float64)
    places = forward(tree, q_BQ)[0, :, :3, 3]
    expected = torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0.5], [1, 2, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(places, expected, atol=1e-15, rtol=0)
    turned = forward(tree, q_BQ)[0, -1, :3, :3]
    torch.testing.assert_close(turned, torch.eye(3, dtype=torch.float64), atol=1e-15, rtol=0)
    single = forward(tree.to(torch.float32), q_BQ.float())[0, :, :3, 3]
    torch.testing.assert_close(single, expected.float(), atol=1e-6, rtol=0)


def test_frames_are_found_by_name() -> None:
    tree = lever(Joint("a"), Joint("b"))
    assert tree.ends == ("link 1",)
    assert tree.way(tree.place("link 1")) == [1, 2]
    assert tree.way(0) == []
    with pytest.raises(UsageError, match="unknown frame of 'lever' 'link'; nearest: link"):
        tree.place("link")


def test_draws_are_within_the_limits() -> None:
    joints = (
        Joint("a", lower=-1.0, upper=2.0),
        Joint("b"),
        Joint("c", slides=True, lower=3.0),
        Joint("d", upper=-5.0),
        Joint("e", slides=True),
    )
    tree = lever(*joints)
    q_BQ = tree.drawn(2_000, torch.Generator().manual_seed(0))
    ends = ((-1.0, 2.0), (-math.pi, math.pi), (3.0, 5.0), (-5 - 2 * math.pi, -5.0), (-1.0, 1.0))
    for column, (low, high) in zip(q_BQ.T, ends, strict=True):
        assert low <= column.min() < low + 0.01 * (high - low)
        assert high >= column.max() > high - 0.01 * (high - low)
    assert torch.equal(tree.within(q_BQ), q_BQ)
    assert tree.within(torch.tensor([[9.0] * 5])).tolist() == [[2.0, 9.0, 9.0, -5.0, 9.0]]


def test_rest_is_zero_or_the_middle() -> None:
    joints = (Joint("a", lower=-1.0), Joint("b", lower=1.0, upper=2.0), Joint("c", lower=3.0), Joint("d", rest=0.5))
    assert lever(*joints).rest_Q.tolist() == [0.0, 1.5, 3.0, 0.5]
    assert [joint.rest for joint in lever(*joints).joints] == [0.0, 1.5, 3.0, 0.5]


def test_contradictions_are_told() -> None:
    turn = Joint("a")
    for joints, frames, said in (
        ([], [BASE], "robot 'x' without a joint that moves; expected one joint that turns or slides"),
        ([turn, turn], [BASE], "robot 'x' with two joints named 'a'"),
        ([turn], [BASE, BASE], "robot 'x' with two frames named 'base'"),
        ([Joint("a", lower=1.0, upper=0.0)], [BASE], "joint 'a' with limits 1 to 0; expected a lower limit"),
        ([Joint("a", lower=math.nan)], [BASE], "joint 'a' with limits nan to inf"),
        ([Joint("a", speed=-1.0)], [BASE], "joint 'a' with a speed of -1; expected 0 or more"),
        ([turn], [Frame("b", -1, EYE, 0, (0.0, 0.0, 0.0))], r"an axis of \[0.0, 0.0, 0.0\] of frame 'b'"),
    ):
        with pytest.raises(UsageError, match=said):
            make_tree("x", joints, frames)
