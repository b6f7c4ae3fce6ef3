"""Limits are half-spaces that hold what they say, and those of joints are mink's."""

from pathlib import Path
from typing import Any

import pytest
import torch
from jointed import write_robots

from palestra.envs.arm.robot import load_robot
from palestra.errors import UsageError
from palestra.kinematics.limits import JointLimit, Limit, PlaneLimit, SpeedLimit
from palestra.kinematics.motion import forward
from palestra.kinematics.robot_file import read_robot

KUKA = load_robot("kuka_iiwa").as_tree()


def test_half_spaces_of_joints_are_minks(tmp_path: Path) -> None:
    mink: Any = pytest.importorskip("mink", reason="a peer of the tests, not installed")
    import mujoco

    path = write_robots(tmp_path)[1]
    model, tree = mujoco.MjModel.from_xml_path(str(path)), read_robot(path)
    q_BQ = tree.drawn(3, torch.Generator().manual_seed(0))
    speeds = {"yaw": 2.0, "reach": 0.1, "left wrist": 4.0}
    speed_Q = torch.tensor([speeds.get(joint.name, torch.inf) for joint in tree.joints], dtype=torch.float64)
    for ours, theirs in (
        (JointLimit(gain=0.7, margin=0.01), mink.ConfigurationLimit(model, 0.7, min_distance_from_limits=0.01)),
        (SpeedLimit(speed_Q), mink.VelocityLimit(model, speeds)),
    ):
        assert isinstance(ours, Limit)
        rows_BLQ, most_BL = ours.rows(tree, q_BQ, forward(tree, q_BQ), 0.05)
        for row, q_Q in enumerate(q_BQ):
            expected = theirs.compute_qp_inequalities(mink.Configuration(model, q_Q.numpy()), 0.05)
            torch.testing.assert_close(rows_BLQ[row], torch.from_numpy(expected.G), atol=1e-12, rtol=0)
            torch.testing.assert_close(most_BL[row], torch.from_numpy(expected.h), atol=1e-12, rtol=0)


def test_joints_without_limits_have_none(tmp_path: Path) -> None:
    crane = read_robot(write_robots(tmp_path)[0])
    q_BQ = crane.rest_Q[None]
    frame_BR44 = forward(crane, q_BQ)
    assert JointLimit().rows(crane, q_BQ, frame_BR44, 1.0)[0].shape == (1, 8, 5)
    rows_BLQ, most_BL = SpeedLimit().rows(crane, q_BQ, frame_BR44, 0.1)
    assert rows_BLQ.shape == (1, 6, 5)
    assert most_BL.tolist() == [pytest.approx([0.3, 0.05, 0.2] * 2)]


def test_a_plane_is_as_far_as_it_is() -> None:
    q_BQ = KUKA.drawn(4, torch.Generator().manual_seed(1))
    limit = PlaneLimit("link 7", (0.0, 0.0, -2.0), most=-0.1, gain=1.0)  # the end stays above z = 0.1
    rows_BLQ, most_BL = limit.rows(KUKA, q_BQ, forward(KUKA, q_BQ), 1.0)
    height_B = forward(KUKA, q_BQ)[:, -1, 2, 3]
    torch.testing.assert_close(most_BL[:, 0], height_B - 0.1)
    step_BQ = 1e-6 * torch.randn(4, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    down_B = height_B - forward(KUKA, q_BQ + step_BQ)[:, -1, 2, 3]
    torch.testing.assert_close((rows_BLQ[:, 0] * step_BQ).sum(1), down_B, atol=1e-10, rtol=0)


def test_contradictions_are_told() -> None:
    q_BQ = KUKA.rest_Q[None]
    frame_BR44 = forward(KUKA, q_BQ)
    with pytest.raises(UsageError, match="gain=0 of a limit; expected 0 < gain <= 1"):
        JointLimit(gain=0)
    with pytest.raises(UsageError, match=r"speed of shape \(2,\); expected \(7,\): one of each joint"):
        SpeedLimit([1.0, 2.0]).rows(KUKA, q_BQ, frame_BR44, 1.0)
    with pytest.raises(UsageError, match="three numbers, not all 0"):
        PlaneLimit("link 7", (0.0, 0.0, 0.0), 1.0).rows(KUKA, q_BQ, frame_BR44, 1.0)
