"""A URDF is read joint by joint, and every way in which it is none of ours is one line."""

import math
import xml.etree.ElementTree as ET

import pytest
import torch
from jointed import URDF

from palestra.errors import UsageError
from palestra.kinematics.motion import forward
from palestra.kinematics.tree import Tree
from palestra.kinematics.urdf import tree_from_urdf

LIMIT = '<limit lower="-1" upper="1"/>'


def joint(name: str, parent: str, child: str, kind: str = "revolute", inside: str = LIMIT) -> str:
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="1 0 0"/><axis xyz="0 0 1"/>{inside}</joint>'
    )


def read(*joints: str) -> Tree:
    base = '<link name="base"><visual><geometry><mesh filename="nowhere.stl"/></geometry></visual></link>'
    return tree_from_urdf(ET.fromstring(f'<robot name="r">{base}{"".join(joints)}</robot>'))


def test_what_it_says_is_what_there_is() -> None:
    tree = tree_from_urdf(ET.fromstring(URDF))
    assert [joint.name for joint in tree.joints] == ["turn", "slide", "spin", "bend", "lift"]
    assert [joint.slides for joint in tree.joints] == [False, True, False, False, False]
    assert tree.lower_Q.tolist() == [-2.5, -0.1, -math.inf, -1.8, 0.2]
    assert tree.speed_Q.tolist() == [3.0, 0.5, math.inf, math.inf, 2.0]
    assert tree.ends == ("finger", "tip")


def test_the_order_of_a_file_does_not_matter() -> None:
    joints = [joint("a", "base", "b"), joint("c", "b", "d"), joint("e", "d", "f")]
    orders = [read(*joints), read(*reversed(joints))]
    q_BQ = torch.tensor([[0.1, 0.2, 0.3]], dtype=torch.float64)
    assert [[frame.name for frame in tree.frames] for tree in orders] == [["base", "b", "d", "f"]] * 2
    assert torch.equal(*(forward(tree, q_BQ) for tree in orders))


def test_a_mimic_moves_with_its_leader() -> None:
    follower = joint("b", "one", "two", inside=f'{LIMIT}<mimic joint="a" multiplier="-2" offset="0.5"/>')
    tree = read(joint("a", "base", "one"), follower)
    alone = read(joint("a", "base", "one"), joint("b", "one", "two"))
    q_BQ = torch.tensor([[0.3]], dtype=torch.float64)
    both_BQ = torch.tensor([[0.3, 0.5 - 0.6]], dtype=torch.float64)
    torch.testing.assert_close(forward(tree, q_BQ), forward(alone, both_BQ))


def test_what_is_none_of_ours_is_told() -> None:
    tie = joint("b", "one", "two", inside=f'{LIMIT}<mimic joint="c"/>')
    for joints, said in (
        ([], "robot 'r' without a joint; expected one joint that turns or slides, at least"),
        ([joint("a", "base", "b", "fixed")], "robot 'r' without a joint that moves"),
        ([joint("a", "base", "b", "floating")], "joint 'a' of type 'floating'; expected revolute, continuous"),
        ([joint("a", "base", "b", inside="")], "joint 'a', revolute, without a <limit>; expected one, or the type"),
        ([joint("a", "b", "c"), joint("d", "c", "b")], "with a loop of joints through b, c; expected a tree"),
        (
            [joint("z", "base", "y"), joint("a", "b", "c"), joint("d", "c", "b")],
            "with a loop of joints through b, c; expected a tree",
        ),
        (
            [joint("a", "base", "c"), joint("d", "base", "b"), joint("e", "b", "c")],
            "link 'c' as the child of joint 'a' and of joint 'e'; expected a tree: one joint above each link",
        ),
        ([joint("a", "base", "b"), joint("c", "other", "d")], "robot 'r' with 2 bases, base, other; expected one"),
        ([joint("a", "base", "")], "joint 'a' between links 'base' and ''"),
        ([joint("a", "base", "one"), tie], "joint 'b' that mimics 'c'; expected a joint that moves by itself"),
        ([joint("a", "base", "b", inside='<limit lower="x"/>')], "lower='x' of joint 'a'; expected a finite number"),
        ([joint("a", "base", "b", inside='<limit lower="2" upper="1"/>')], "joint 'a' with limits 2 to 1"),
    ):
        with pytest.raises(UsageError, match=said):
            read(*joints)
