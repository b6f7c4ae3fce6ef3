"""A robot of one's own is read from its URDF."""

from pathlib import Path

import numpy as np
import pytest
import torch

from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.urdf import robot_from_urdf
from palestra.errors import UsageError

ROBOT = load_robot("kuka_iiwa")
REST = ROBOT.initial.tolist()


def test_a_robot_is_read_from_its_urdf(tmp_path: Path) -> None:
    """KUKA's own model gives KUKA; a robot of four of its joints acts in an environment."""
    data = pytest.importorskip("pybullet_data", reason="the [arm] extra is not installed")
    path = Path(data.getDataPath()) / "kuka_iiwa/model.urdf"
    read = robot_from_urdf(path, REST)
    for name in ("origin", "axis", "lower", "upper", "initial"):
        torch.testing.assert_close(getattr(read, name), getattr(ROBOT, name))
    env = ArmEnv(view="goal", robot=robot_from_urdf(path, REST[:4]), urdf=str(path))
    obs, _ = env.reset(seed=0)
    assert obs["observation"].shape == (4 + 3,)
    assert env.observation_space.contains(env.step(np.array([0.0, 0.3, 0.0]))[0])
    env.close()
    with pytest.raises(UsageError, match=r"joints \[\] behind link 'lbr_iiwa_link_7'.*a chain of 8"):
        robot_from_urdf(path, [*REST, 0.0])
    (tmp_path / "broken.urdf").write_text("not a robot")
    with pytest.raises(UsageError, match="is no XML"):
        robot_from_urdf(tmp_path / "broken.urdf", REST)
    with pytest.raises(UsageError, match="a URDF file that exists"):
        robot_from_urdf("nowhere.urdf", REST)


def test_a_chain_is_read_joint_by_joint_and_a_base_is_one(tmp_path: Path) -> None:
    joint = """<joint name="turn" type="revolute"><parent link="base"/><child link="arm"/>
    <origin xyz="1 2 3" rpy="0 0 0"/><axis xyz="0 0 2"/><limit lower="-1" upper="2"/></joint>"""
    path = tmp_path / "one.urdf"
    path.write_text(f'<robot name="lever"><link name="base"/><link name="arm"/>{joint}</robot>')
    robot = robot_from_urdf(path, [0.5])
    assert (robot.name, robot.num_joints) == ("lever", 1)
    assert robot.origin[0, :3, 3].tolist() == [1.0, 2.0, 3.0]
    assert robot.axis.tolist() == [[0.0, 0.0, 1.0]]  # made a unit vector
    assert (robot.lower.item(), robot.upper.item(), robot.initial.item()) == (-1.0, 2.0, 0.5)
    path.write_text('<robot name="two"><link name="a"/><link name="b"/></robot>')
    with pytest.raises(UsageError, match="with 2 base links; expected one"):
        robot_from_urdf(path, [0.0])
