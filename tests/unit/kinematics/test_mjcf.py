"""A MuJoCo file is read body by body; test_motion.py holds what comes of it to MuJoCo itself."""

import math
import xml.etree.ElementTree as ET

import pytest
from jointed import MJCF

from palestra.errors import UsageError
from palestra.kinematics.mjcf import tree_from_mjcf
from palestra.kinematics.tree import Tree


def read(worldbody: str, before: str = "") -> Tree:
    return tree_from_mjcf(ET.fromstring(f"<mujoco>{before}<worldbody>{worldbody}</worldbody></mujoco>"))


def test_what_it_says_is_what_there_is() -> None:
    tree = tree_from_mjcf(ET.fromstring(MJCF))
    names = ["yaw", "pitch", "reach", "left wrist", "joint 4", "right twist"]
    assert [joint.name for joint in tree.joints] == names
    assert tree.rest_Q.tolist() == pytest.approx([0.0, math.radians(15), 0.05, 0.0, 0.0, 0.0])
    assert tree.upper_Q.tolist() == pytest.approx([math.radians(120)] * 2 + [0.3] + [math.inf] * 2 + [math.pi / 2])
    assert {"world", "mark", "torso", "left palm", "right", "right (site)"} <= {frame.name for frame in tree.frames}


def test_a_joint_where_its_body_is_needs_one_frame() -> None:
    assert len(read('<body name="a"><joint/></body>').frames) == 2
    assert len(read('<body name="a"><joint pos="0 0 1"/></body>').frames) == 3


def test_angles_are_as_the_compiler_says() -> None:
    body = '<body name="a"><joint range="-1 2"/></body>'
    radians = read(body, '<compiler angle="radian"/>').upper_Q.item()
    assert (radians, read(body).upper_Q.item()) == (2.0, pytest.approx(math.radians(2)))
    assert read(body, '<compiler autolimits="false"/>').upper_Q.item() == math.inf
    slide = '<body name="a"><joint type="slide" range="-1 2"/></body>'
    assert read(slide).upper_Q.item() == 2.0


def test_what_is_none_of_ours_is_told() -> None:
    for worldbody, before, said in (
        ('<body name="a"/>', "", "robot 'robot' without a joint that moves"),
        ('<body name="a"><freejoint/></body>', "", "joint 'joint 0' of type 'free'; expected hinge or slide"),
        ('<body name="a"><joint name="b" type="ball"/></body>', "", "joint 'b' of type 'ball'; expected hinge"),
        ('<body name="a"><joint axis="0 0 0"/></body>', "", "axis of joint 'joint 0' of no length; expected a dir"),
        ('<body name="a"><joint class="c"/></body>', "", "class 'c' of a MuJoCo file; expected one of main"),
        ('<body name="a" pos="0 0"><joint/></body>', "", "pos='0 0' of body 'a'; expected 3 finite numbers"),
        ('<body name="a"><joint limited="true"/></body>', "", "expected a lower end below the upper"),
        ('<body name="a"><joint/></body><include file="b.xml"/>', "", "<include> in a MuJoCo file; expected a file"),
        ('<body name="a"><joint/></body>', '<compiler eulerseq="abc"/>', "eulerseq='abc'; expected three of"),
        ('<body name="a"><joint/></body>', "<default><default/></default>", "without a class; expected a class"),
    ):
        with pytest.raises(UsageError, match=said):
            read(worldbody, before)
