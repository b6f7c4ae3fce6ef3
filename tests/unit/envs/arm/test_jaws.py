"""Jaws: where they grip, how the twin draws them, and the model that a simulator loads."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch

from palestra.envs.arm import jaws


def test_the_grip_point_is_below_the_end_effector() -> None:
    ee_B3 = torch.tensor([[0.5, 0.1, 0.4], [0.0, 0.0, 1.0]])
    assert torch.allclose(jaws.grip_point(ee_B3), ee_B3 - torch.tensor([0.0, 0.0, jaws.GRIP]))


def test_fingers_are_as_far_apart_as_the_jaws_are_open() -> None:
    ends_B323, radius_3 = jaws.capsules(torch.eye(4).expand(2, 4, 4), torch.tensor([0.0, jaws.WIDEST]))
    assert ends_B323.shape == (2, 3, 2, 3)
    assert (radius_3 > 0).all()
    left_B, right_B = ends_B323[:, 1, 1, 0], ends_B323[:, 2, 1, 0]
    gap_B = (right_B - left_B).abs() - 2 * jaws.FINGER_HALF[0]
    assert gap_B.tolist() == pytest.approx([0.0, jaws.WIDEST], abs=1e-6)


def test_they_go_where_the_flange_goes() -> None:
    turned = torch.eye(4)
    turned[:3, :3] = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # x becomes y
    turned[:3, 3] = torch.tensor([1.0, 2.0, 3.0])
    (plain, moved), _ = jaws.capsules(torch.stack((torch.eye(4), turned)), torch.full((2,), 0.05))
    assert torch.allclose(moved, plain @ turned[:3, :3].T + turned[:3, 3], atol=1e-6)


def test_the_model_has_two_joints_that_slide(tmp_path: Path) -> None:
    robot = tmp_path / "robot.urdf"
    robot.write_text('<robot name="r"><link name="flange"><visual><geometry><mesh filename="m.obj"/></geometry>'
                     "</visual></link></robot>")  # fmt: skip
    root = ET.fromstring(jaws.with_jaws(robot, "flange"))
    slides = [joint for joint in root.iter("joint") if joint.get("type") == "prismatic"]
    assert [joint.get("name") for joint in slides] == ["left jaw", "right jaw"]
    assert {joint.find("limit").get("upper") for joint in slides} == {str(jaws.WIDEST / 2)}  # type: ignore[union-attr]
    (fixed,) = (joint for joint in root.iter("joint") if joint.get("type") == "fixed")
    assert fixed.find("parent").get("link") == "flange"  # type: ignore[union-attr]
    assert next(root.iter("mesh")).get("filename") == str(tmp_path / "m.obj")
