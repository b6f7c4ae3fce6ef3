"""How long does an arm's inverse kinematics take, and what does it find? Beside pytorch-kinematics and mink.

The KUKA iiwa of PyBullet's data, its own limits; targets are poses (place and orientation) of configurations drawn
within the limits, so that every one of them can be had. Solved is a target whose configuration, as handed out, keeps
the limits and misses by less than a millimetre and a hundredth of a radian, judged by one forward kinematics for all.
Each side begins where it does by default and may begin anew. The peers are needed by this alone.
"""

import argparse
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from palestra.errors import pip_install
from palestra.kinematics.inverse import inverse_kinematics
from palestra.kinematics.motion import forward
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.rotations import rotation_vector
from palestra.kinematics.tree import Tree
from report import publish

PEERS = ("pybullet==3.2.7", "pytorch-kinematics==0.10.0", "mink==1.3.0", "daqp==0.11.0")
END = "lbr_iiwa_link_7"
NEAR, TURNED = 1e-3, 1e-2
"""Metres and radians within which a target is solved: pytorch-kinematics' own."""
STEPS, DT = 60, 1.0
"""Of mink, from a start, at most; and a step is as long as it likes."""


def peer(module: str) -> Any:
    """A peer's module; without it the benchmark ends with the line that installs all of them."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SystemExit(f"this benchmark needs its peers: {pip_install()} {' '.join(PEERS)}") from error


def solved(tree: Tree, q_BQ: Tensor, pose_B44: Tensor) -> Tensor:
    """(B,) bool."""
    frame_B44 = forward(tree, q_BQ)[:, tree.place(END)]
    away_B = (frame_B44 - pose_B44)[:, :3, 3].norm(dim=1)
    turned_B = rotation_vector(pose_B44[:, :3, :3] @ frame_B44[:, :3, :3].mT).norm(dim=1)
    kept_B = ((q_BQ >= tree.lower_Q - 1e-6) & (q_BQ <= tree.upper_Q + 1e-6)).all(1)
    return (away_B < NEAR) & (turned_B < TURNED) & kept_B


def ours(tree: Tree, restarts: int, **options: Any) -> Callable[[Tensor], Tensor]:
    """Batched damped least squares."""

    def work(pose_B44: Tensor) -> Tensor:
        wanted = pose_B44[:, :3, 3].to(tree.rest_Q), pose_B44[:, :3, :3].to(tree.rest_Q)
        options_now = {"tolerance": NEAR, "angle_tolerance": TURNED, **options}
        return inverse_kinematics(tree, END, *wanted, restarts=restarts, **options_now).q_BQ.double()

    return work


def alone(work: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The same, one target at a time."""
    return lambda pose_B44: torch.cat([work(pose_B44[i : i + 1]) for i in range(len(pose_B44))])


def pytorch_kinematics(text: bytes, retries: int) -> Callable[[Tensor], Tensor]:
    """Its damped least squares, all retries at once; in single precision it fails on some targets."""
    theirs = peer("pytorch_kinematics")
    chain = theirs.build_serial_chain_from_urdf(text, END).to(dtype=torch.float64)
    limits = torch.tensor(chain.get_joint_limits(), dtype=torch.float64).T
    generator = torch.Generator().manual_seed(0)

    def drawn(count: int) -> Tensor:
        return (
            limits[:, 0] + (limits[:, 1] - limits[:, 0]) * torch.rand(count, len(limits), generator=generator).double()
        )

    solver = theirs.PseudoInverseIK(
        chain, num_retries=retries, joint_limits=limits, config_sampling_method=drawn,
        early_stopping_any_converged=True,
        early_stopping_no_improvement=None, pos_tolerance=NEAR, rot_tolerance=TURNED, clamp_to_limits=True,
    )  # fmt: skip

    def work(pose_B44: Tensor) -> Tensor:
        done = solver.solve(theirs.Transform3d(matrix=pose_B44))
        error = done.err_pos + 0.3 * done.err_rot + 1e3 * ~done.converged
        best = error.argmin(1)
        return done.solutions[torch.arange(len(pose_B44)), best].double()

    return work


def mink(path: Path, tree: Tree) -> Callable[[Tensor], Tensor]:
    """Its quadratic programmes by DAQP, one target at a time, from the posture of rest and twice more from anywhere."""
    theirs, mujoco = peer("mink"), peer("mujoco")
    peer("daqp")
    model = mujoco.MjModel.from_xml_string(without_meshes(path))
    generator = torch.Generator().manual_seed(0)
    limits = [theirs.ConfigurationLimit(model)]

    def one(pose_44: Tensor) -> Tensor:
        task = theirs.FrameTask(END, "body", position_cost=1.0, orientation_cost=0.3, lm_damping=0.1)
        task.set_target(theirs.SE3.from_matrix(pose_44.numpy()))
        for attempt in range(3):
            q_Q = tree.drawn(1, generator)[0] if attempt else tree.rest_Q
            configuration = theirs.Configuration(model, q_Q.numpy())
            for _ in range(STEPS):
                error = torch.from_numpy(task.compute_error(configuration))
                if error[:3].norm() < NEAR and error[3:].norm() < TURNED:
                    return torch.from_numpy(configuration.q)
                step = theirs.solve_ik(configuration, [task], DT, "daqp", damping=1e-6, limits=limits)
                configuration.integrate_inplace(step, DT)
        return torch.from_numpy(configuration.q)

    return lambda pose_B44: torch.stack([one(pose_44) for pose_44 in pose_B44])


def without_meshes(path: Path) -> str:
    """A URDF with nothing to be seen or touched, and bodies that have some weight, as MuJoCo wants them."""
    root = ET.parse(path).getroot()
    for link in root.findall("link"):
        for tag in ("visual", "collision", "inertial"):
            for element in link.findall(tag):
                link.remove(element)
        inertial = ET.SubElement(link, "inertial")
        ET.SubElement(inertial, "mass", value="1")
        ET.SubElement(inertial, "inertia", ixx="1", iyy="1", izz="1", ixy="0", ixz="0", iyz="0")
    return ET.tostring(root, encoding="unicode")


def main() -> None:
    """One row a side; the slow ones get fewer of the same targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=4096, help="all at once")
    parser.add_argument("--few", type=int, default=200, help="one at a time")
    parser.add_argument("--seed", type=int, default=0, help="of the targets")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    path = Path(peer("pybullet_data").getDataPath()) / "kuka_iiwa" / "model.urdf"
    tree = read_robot(path)
    pose_B44 = forward(tree, tree.drawn(args.targets, torch.Generator().manual_seed(args.seed)))[:, tree.place(END)]
    few_B44 = pose_B44[: args.few]
    single = tree.to(torch.float32)
    sides: list[tuple[str, str, Tensor, Callable[[Tensor], Tensor]]] = [
        ("ours", "all at once, 20 restarts", pose_B44, ours(tree, 20)),
        ("ours, single precision", "all at once, 20 restarts", pose_B44, ours(single, 20)),
        ("ours, with a posture", "all at once, 20 restarts", pose_B44, ours(tree, 20, posture=tree.rest_Q)),
        ("ours", "one at a time", few_B44, alone(ours(tree, 20))),
        ("pytorch-kinematics", "all at once, 10 retries", pose_B44, pytorch_kinematics(path.read_bytes(), 10)),
        ("mink with DAQP", "one at a time, 2 restarts", few_B44, mink(path, tree)),
    ]
    table: list[dict[str, Any]] = []
    for who, how, wanted_B44, work in sides:
        work(wanted_B44[:2])  # what is made on first use is not timed
        began = time.process_time()  # of one thread, so that other work on the machine does not count
        q_BQ = work(wanted_B44)
        seconds = time.process_time() - began
        share = float(solved(tree, q_BQ, wanted_B44).double().mean())
        table.append({"who": who, "how": how, "targets": len(wanted_B44), "solved, %": 100 * share,
                      "ms a target": 1e3 * seconds / len(wanted_B44)})  # fmt: skip
        print(table[-1], flush=True)
    mine, other, last = table[0], table[4], table[5]
    publish(
        "inverse_kinematics",
        "Inverse kinematics of the KUKA iiwa: share solved, and time a target",
        {
            "ours": mine["ms a target"], "peer": other["ms a target"],
            "ratio": other["ms a target"] / mine["ms a target"],
            "against_mink": last["ms a target"] / mine["ms a target"], "unit": "ms a target", "seeds": [args.seed],
        },
        table,
        [
            f"Batched, a target takes {other['ms a target'] / mine['ms a target']:.1f} times as long with"
            f" pytorch-kinematics, and one at a time with mink {last['ms a target'] / mine['ms a target']:.0f} times.",
            "Every target can be had: it is the pose of a configuration within the limits. Solved: within 1 mm and"
            " 0.01 rad, limits kept, judged alike for all.",
            "Milliseconds of processor time of one thread; sides one after the other in one process.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
