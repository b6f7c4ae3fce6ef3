"""Frames and Jacobians are MuJoCo's, pytorch-kinematics', and what automatic derivatives make of them."""

import math
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from jointed import URDF, write_robots
from torch import Tensor

from palestra.envs.arm.robot import load_robot
from palestra.kinematics.motion import forward, jacobian, manipulability
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tree import Tree


@pytest.fixture(params=["urdf", "mjcf"])
def robot_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_robots(tmp_path)[request.param == "mjcf"]


def drawn(tree: Tree, count: int) -> Tensor:
    return tree.drawn(count, torch.Generator().manual_seed(0))


def test_frames_and_jacobians_are_mujocos(robot_path: Path) -> None:
    """Of every body and every site, within 1e-9."""
    mujoco: Any = pytest.importorskip("mujoco", reason="the [mujoco] extra is not installed")
    model, tree = mujoco.MjModel.from_xml_path(str(robot_path)), read_robot(robot_path)
    data, q_BQ = mujoco.MjData(model), drawn(tree, 5)
    frame_BR44 = forward(tree, q_BQ)
    names = [joint.name for joint in tree.joints]
    bodies = [(model.body(i).name, i, data.xpos, data.xmat, mujoco.mj_jacBody) for i in range(1, model.nbody)]
    sites = [(model.site(i).name, i, data.site_xpos, data.site_xmat, mujoco.mj_jacSite) for i in range(model.nsite)]
    known, seen = [frame.name for frame in tree.frames], 0
    taken = {name for name, *_ in bodies}
    for row, q_Q in enumerate(q_BQ):
        columns = []
        for i in range(model.njnt):
            name = model.joint(i).name
            if name == "grip":  # MuJoCo reads a mimic's joint as one of its own
                data.qpos[i] = 0.03 - 0.5 * float(q_Q[names.index("bend")])
                columns.append((names.index("bend"), -0.5))
            else:
                place = names.index(name) if name else names.index(f"joint {i}")
                data.qpos[i] = float(q_Q[place])
                columns.append((place, 1.0))
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        for name, i, places, turns, to_jacobian in [*bodies, *sites]:
            name = f"{name} (site)" if to_jacobian is mujoco.mj_jacSite and name in taken else name
            if name not in known:
                assert not name  # a body without a name
                continue
            seen += 1
            frame = frame_BR44[row, tree.place(name)]
            torch.testing.assert_close(frame[:3, 3], torch.from_numpy(places[i].copy()), atol=1e-9, rtol=0)
            torch.testing.assert_close(frame[:3, :3].reshape(9), torch.from_numpy(turns[i].copy()), atol=1e-9, rtol=0)
            theirs = torch.zeros(6, model.nv, dtype=torch.float64)
            to_jacobian(model, data, theirs[:3].numpy(), theirs[3:].numpy(), i)
            found = jacobian(tree, frame_BR44[row : row + 1], name)[0]
            expected = torch.zeros_like(found)
            for k, (place, factor) in enumerate(columns):
                expected[:, place] += factor * theirs[:, k]
            torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)
    assert seen == 5 * {"crane": 10, "mantis": 9}[tree.name]


def test_limits_are_mujocos(robot_path: Path) -> None:
    mujoco: Any = pytest.importorskip("mujoco", reason="the [mujoco] extra is not installed")
    model, tree = mujoco.MjModel.from_xml_path(str(robot_path)), read_robot(robot_path)
    theirs = [model.joint(i) for i in range(model.njnt) if model.joint(i).name != "grip"]
    for joint, other in zip(tree.joints, theirs, strict=True):
        assert joint.slides == (other.type[0] == mujoco.mjtJoint.mjJNT_SLIDE)
        limited = bool(model.jnt_limited[other.id])
        expected = other.range.tolist() if limited else [-math.inf, math.inf]
        assert [joint.lower, joint.upper] == pytest.approx(expected, abs=1e-12)
        inside = not limited or expected[0] <= model.qpos0[other.id] <= expected[1]
        assert joint.rest == pytest.approx(model.qpos0[other.id] if inside else sum(expected) / 2)


def test_frames_and_jacobians_are_pytorch_kinematics(tmp_path: Path) -> None:
    """Which keeps offsets in single precision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs: Any = pytest.importorskip("pytorch_kinematics", reason="a peer of the benchmarks, not installed")
        chain = theirs.build_serial_chain_from_urdf(URDF.encode(), "hand").to(dtype=torch.float64)
    tree = read_robot(write_robots(tmp_path)[0])
    q_BQ = drawn(tree, 8)
    names = [joint.name for joint in tree.joints]
    on_way = [names.index(name) for name in chain.get_joint_parameter_names()]
    frame_BR44 = forward(tree, q_BQ)
    expected_B6J, expected_B44 = chain.jacobian(q_BQ[:, on_way], ret_eef_pose=True)
    torch.testing.assert_close(frame_BR44[:, tree.place("hand")], expected_B44, atol=1e-6, rtol=0)
    found_B6Q = jacobian(tree, frame_BR44, "hand")
    torch.testing.assert_close(found_B6Q[:, :, on_way], expected_B6J, atol=1e-6, rtol=0)
    others = [i for i in range(len(names)) if i not in on_way]
    assert others
    assert (found_B6Q[:, :, others] == 0).all()


def test_a_jacobian_is_the_derivative_of_the_frame(robot_path: Path) -> None:
    """By automatic derivatives: of the place itself, and of the rotation turned into dR R'."""
    tree = read_robot(robot_path)
    end = tree.ends[-1]
    q_BQ = drawn(tree, 3)
    found_B6Q = jacobian(tree, forward(tree, q_BQ), end)
    for row, q_Q in enumerate(q_BQ):
        slope_44Q = torch.autograd.functional.jacobian(
            lambda q_Q: forward(tree, q_Q[None])[0, tree.place(end)], q_Q, vectorize=False
        )
        torch.testing.assert_close(found_B6Q[row, :3], slope_44Q[:3, 3], atol=1e-12, rtol=0)
        back_33 = forward(tree, q_Q[None])[0, tree.place(end), :3, :3].T
        spin_33Q = torch.einsum("ijq,jk->ikq", slope_44Q[:3, :3], back_33)
        turning = torch.stack((spin_33Q[2, 1], spin_33Q[0, 2], spin_33Q[1, 0]))
        torch.testing.assert_close(found_B6Q[row, 3:], turning, atol=1e-12, rtol=0)


def test_less_of_a_tree_moves_its_ends_alike(robot_path: Path) -> None:
    tree = read_robot(robot_path)
    q_BQ = drawn(tree, 4)
    frame_BR44 = forward(tree, q_BQ)
    for ends in ([tree.ends[0]], [tree.ends[-1]], tree.ends[:2]):
        light = tree.towards(*ends)
        assert len(light.frames) < len(tree.frames)
        few_BR44 = forward(light, q_BQ)
        for end in ends:
            expected = frame_BR44[:, tree.place(end)]
            torch.testing.assert_close(few_BR44[:, light.place(end)], expected, atol=1e-12, rtol=0)
            both = jacobian(light, few_BR44, end), jacobian(tree, frame_BR44, end)
            torch.testing.assert_close(*both, atol=1e-12, rtol=0)


def test_a_base_does_not_move() -> None:
    tree = load_robot("kuka_iiwa").as_tree()
    assert (jacobian(tree, forward(tree, drawn(tree, 2)), "base") == 0).all()


def test_manipulability_is_the_product_of_singular_values() -> None:
    jacobian_BKQ = torch.randn(5, 3, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(manipulability(jacobian_BKQ), torch.linalg.svdvals(jacobian_BKQ).prod(1))
    jacobian_BKQ[0, 2] = jacobian_BKQ[0, 0] - jacobian_BKQ[0, 1]
    assert manipulability(jacobian_BKQ)[0] < 1e-6
