"""A robot as data: what its file says, in the form that kinematics need."""

import pytest
import torch

from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.robot import load_robot, robot_from_data
from palestra.errors import UsageError
from palestra.kinematics.motion import forward as tree_forward


def test_a_robot_that_contradicts_itself_is_told() -> None:
    joint = {"xyz": [0, 0, 0], "rpy": [0, 0, 0], "axis": [0, 0, 1], "lower": -1.0, "upper": 1.0}
    with pytest.raises(UsageError, match="unknown robot 'kuka'; nearest: kuka_iiwa"):
        load_robot("kuka")
    with pytest.raises(UsageError, match="2 initial angles; expected 1"):
        robot_from_data({"name": "x", "joints": [joint], "initial": [0.0, 0.0], "capsules": []})
    with pytest.raises(UsageError, match="lower < upper"):
        robot_from_data({"name": "x", "joints": [joint | {"lower": 2.0}], "initial": [0.0], "capsules": []})
    with pytest.raises(UsageError, match="angles from"):
        robot_from_data({"name": "x", "joints": [joint], "initial": [2.0], "capsules": []})


def test_a_joint_turns_by_rodrigues_formula() -> None:
    robot = load_robot("kuka_iiwa")
    angle = 0.7
    still, sine, cosine = robot.turning.double()
    for j in range(robot.num_joints):
        x, y, z = robot.axis[j].double().tolist()
        cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
        turned = torch.eye(4, dtype=torch.float64)
        turned[:3, :3] = torch.linalg.matrix_exp(angle * cross)
        expected = robot.origin[j].double() @ turned
        found = still[j] + torch.sin(torch.tensor(angle)) * sine[j] + torch.cos(torch.tensor(angle)) * cosine[j]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_on_another_device_it_is_the_same_robot() -> None:
    robot = load_robot("kuka_iiwa")
    moved = robot.to("meta")
    assert (moved.name, moved.axis.device.type, moved.num_joints) == ("kuka_iiwa", "meta", 7)
    assert robot.axis.device.type == "cpu"
    assert load_robot("kuka_iiwa") is robot


def test_as_a_tree_it_is_the_same_robot() -> None:
    robot = load_robot("kuka_iiwa")
    tree = robot.as_tree()
    q_B7 = tree.drawn(10, torch.Generator().manual_seed(0))
    torch.testing.assert_close(tree_forward(tree, q_B7).float(), forward(robot, q_B7.float()), atol=2e-6, rtol=0)
    assert torch.equal(tree.rest_Q.float(), robot.initial)
    assert tree.ends == ("link 7",)
