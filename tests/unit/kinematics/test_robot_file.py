"""A file is read for what it is, and KUKA's own model is the arm of the reaching task."""

from pathlib import Path

import pytest
import torch
from jointed import write_robots

import palestra
from palestra.envs.arm.kinematics import forward as arms_forward
from palestra.envs.arm.robot import load_robot
from palestra.errors import UsageError
from palestra.kinematics.motion import forward
from palestra.kinematics.robot_file import read_robot


def test_both_kinds_are_read(tmp_path: Path) -> None:
    assert [read_robot(path).name for path in write_robots(tmp_path)] == ["crane", "mantis"]
    assert palestra.read_robot is read_robot


def test_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    path.write_text("<sdf/>")
    with pytest.raises(UsageError, match=r"with <sdf> outermost; expected <robot> \(a URDF\) or <mujoco>"):
        read_robot(path)


def test_kukas_model_is_the_arm() -> None:
    data = pytest.importorskip("pybullet_data", reason="the [arm] extra is not installed")
    tree = read_robot(Path(data.getDataPath()) / "kuka_iiwa" / "model.urdf")
    robot = load_robot("kuka_iiwa")
    q_BQ = tree.drawn(20, torch.Generator().manual_seed(0))
    torch.testing.assert_close(tree.lower_Q.float(), robot.lower)
    torch.testing.assert_close(tree.upper_Q.float(), robot.upper)
    assert (tree.speed_Q == 10).all()
    found, expected = forward(tree, q_BQ), arms_forward(robot, q_BQ.float())
    torch.testing.assert_close(found.float(), expected, atol=2e-6, rtol=0)
