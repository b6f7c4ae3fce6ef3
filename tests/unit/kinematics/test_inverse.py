"""Inverse kinematics meets what can be met, within the limits, whatever the robot, and says what it did not meet."""

from pathlib import Path

import pytest
import torch
from jointed import write_robots
from torch import Tensor

import palestra
from palestra.envs.arm.robot import load_robot
from palestra.errors import UsageError
from palestra.kinematics.inverse import Found, inverse_kinematics
from palestra.kinematics.motion import forward, jacobian
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tree import Frame, Joint, Tree, make_tree

KUKA = load_robot("kuka_iiwa").as_tree()
END = "link 7"


def poses(tree: Tree, end: str, count: int, seed: int = 0) -> Tensor:
    """(count, 4, 4) that can be had: of configurations drawn within the limits."""
    return forward(tree, tree.drawn(count, torch.Generator().manual_seed(seed)))[:, tree.place(end)]


def check(tree: Tree, end: str, found: Found, pose_B44: Tensor) -> None:
    """What is said of the rows is so, and no limit is broken."""
    assert torch.equal(tree.within(found.q_BQ), found.q_BQ)
    frame_B44 = forward(tree, found.q_BQ)[:, tree.place(end)]
    torch.testing.assert_close((frame_B44 - pose_B44)[:, :3, 3].norm(dim=1), found.away_B)
    assert (found.away_B[found.met_B] <= 1e-4).all()


def test_every_pose_that_can_be_had_is_met_within_a_tenth_of_a_millimetre() -> None:
    """300 poses of the KUKA from all over its limits, place and orientation."""
    pose_B44 = poses(KUKA, END, 300)
    found = inverse_kinematics(KUKA, END, pose_B44[:, :3, 3], pose_B44[:, :3, :3], restarts=20)
    check(KUKA, END, found, pose_B44)
    assert found.met_B.all()
    turned = forward(KUKA, found.q_BQ)[:, -1, :3, :3] @ pose_B44[:, :3, :3].mT
    assert torch.arccos(((turned.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1)).max() < 2e-3
    assert (found.tries_B > 1).any()


@pytest.mark.parametrize("end", ["hand", "tip", "finger", "left palm", "right (site)"])
def test_any_robot_with_several_ends(tmp_path: Path, end: str) -> None:
    """Also along joints that slide, and one that mimics another."""
    crane, mantis = map(read_robot, write_robots(tmp_path))
    tree = mantis if "site" in end or "palm" in end else crane
    pose_B44 = poses(tree, end, 50)
    found = inverse_kinematics(tree, end, pose_B44[:, :3, 3], restarts=30)
    check(tree, end, found, pose_B44)
    assert found.met_B.all()


def test_out_of_reach_it_comes_as_near_as_it_can() -> None:
    """The iiwa stretched out is 0.901 m long, from the shoulder 0.36 m above the base."""
    direction_B3 = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8], [0.0, 0.0, 1.0]], dtype=torch.float64)
    shoulder = torch.tensor([0.0, 0.0, 0.36], dtype=torch.float64)
    found = inverse_kinematics(KUKA, END, shoulder + 1.2 * direction_B3)
    assert not found.met_B.any()
    assert found.tries_B.tolist() == [9, 9, 9]
    assert torch.equal(KUKA.within(found.q_BQ), found.q_BQ)
    torch.testing.assert_close(found.away_B, torch.full_like(found.away_B, 1.2 - 0.901), atol=0.02, rtol=0)


def test_a_posture_is_kept_as_far_as_the_target_leaves_a_choice() -> None:
    """What is left of the way to it, along the null space, is nothing: it is the nearest of its neighbours."""
    pose_B44 = poses(KUKA, END, 100, seed=1)
    wanted = pose_B44[:, :3, 3]
    start = KUKA.drawn(100, torch.Generator().manual_seed(2))
    options = {"start": start, "restarts": 8}
    plain = inverse_kinematics(KUKA, END, wanted, **options)
    posed = inverse_kinematics(KUKA, END, wanted, posture=KUKA.rest_Q, **options)
    check(KUKA, END, posed, pose_B44)
    assert posed.met_B.all()
    away = [(found.q_BQ - KUKA.rest_Q).norm(dim=1).median() for found in (plain, posed)]
    assert away[1] < 0.7 * away[0]
    free_B = ((posed.q_BQ > KUKA.lower_Q + 0.01) & (posed.q_BQ < KUKA.upper_Q - 0.01)).all(1)
    moves_B3Q = jacobian(KUKA, forward(KUKA, posed.q_BQ), END)[:, :3]
    still = torch.eye(7, dtype=torch.float64) - torch.linalg.pinv(moves_B3Q) @ moves_B3Q
    left_B = (still @ (KUKA.rest_Q - posed.q_BQ)[..., None]).squeeze(2).norm(dim=1)[free_B]
    assert free_B.sum() > 50
    assert left_B.median() < 0.1


def test_a_plane_arm_of_two_links_is_solved_by_the_law_of_cosines() -> None:
    offset = torch.eye(4)
    offset[0, 3] = 1.0
    joints = (Joint("a", lower=-3.0, upper=3.0), Joint("b", lower=0.0, upper=3.0))
    frames = (Frame("base", -1, torch.eye(4)), Frame("one", 0, torch.eye(4), 0), Frame("two", 1, offset, 1))
    tree = make_tree("plane", joints, [*frames, Frame("end", 2, offset)])
    target = torch.tensor([[1.2, 0.5, 0.0], [-0.3, 1.1, 0.0], [0.2, -0.9, 0.0]], dtype=torch.float64)
    found = inverse_kinematics(tree, "end", target, tolerance=1e-9)
    assert found.met_B.all()
    elbow = torch.arccos(target.square().sum(1) / 2 - 1)  # the one of two that the limits allow
    torch.testing.assert_close(found.q_BQ[:, 1], elbow, atol=1e-6, rtol=0)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    pose_B44 = poses(KUKA, END, 20, seed=3)
    wanted = pose_B44[:, :3, 3], pose_B44[:, :3, :3]
    together = inverse_kinematics(KUKA, END, *wanted, restarts=0, posture=KUKA.rest_Q)
    for i in range(0, 20, 5):
        alone = inverse_kinematics(
            KUKA, END, wanted[0][i : i + 1], wanted[1][i : i + 1], restarts=0, posture=KUKA.rest_Q
        )
        torch.testing.assert_close(together.q_BQ[i : i + 1], alone.q_BQ, atol=1e-6, rtol=0)


def test_shapes_are_told() -> None:
    assert palestra.inverse_kinematics is inverse_kinematics
    place, eye = [[0.5, 0.0, 0.5]], torch.eye(3)
    for args, options, said in (
        (("link", place), {}, "unknown frame of 'kuka_iiwa' 'link'"),
        ((END, place[0]), {}, r"position of shape \(3,\); expected \(B, 3\), finite"),
        ((END, [[float("nan")] * 3]), {}, r"expected \(B, 3\), finite"),
        ((END, place, torch.eye(4)), {}, r"rotation of shape \(4, 4\); expected \(3, 3\) or \(1, 3, 3\)"),
        ((END, place, 2 * eye), {}, "a rotation that stretches or mirrors; expected orthonormal matrices"),
        ((END, place, -eye), {}, "a rotation that stretches or mirrors"),
        ((END, place), {"start": [0.0] * 6}, r"start of shape \(6,\); expected \(7,\) or \(1, 7\), finite"),
        ((END, place), {"iterations": 0}, "iterations=0, restarts=8; expected iterations > 0"),
    ):
        with pytest.raises(UsageError, match=said):
            inverse_kinematics(KUKA, *args, **options)
