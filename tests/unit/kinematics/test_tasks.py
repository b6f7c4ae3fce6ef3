"""Each task's H and c are mink's; their errors vanish along their own derivatives."""

from pathlib import Path
from typing import Any

import pytest
import torch
from jointed import write_robots

from palestra.envs.arm.robot import load_robot
from palestra.errors import UsageError
from palestra.kinematics.motion import forward
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tasks import FrameTask, PostureTask, StillTask, Task

KUKA = load_robot("kuka_iiwa").as_tree()


def test_objectives_are_minks(tmp_path: Path) -> None:
    mink: Any = pytest.importorskip("mink", reason="a peer of the tests, not installed")
    import mujoco

    path = write_robots(tmp_path)[1]
    model, tree = mujoco.MjModel.from_xml_path(str(path)), read_robot(path)
    rng = torch.Generator().manual_seed(0)
    q_BQ, aim_BQ = tree.drawn(4, rng), tree.drawn(4, rng)
    target_B44 = forward(tree, aim_BQ)[:, tree.place("left palm")]
    weights = [1.0, 2.0, 0.0, 0.5, 0.7, 0.1]
    ours: list[Task] = [
        FrameTask("left palm", target_B44, weights[:3], weights[3:], gain=0.8, damping=0.3),
        PostureTask(aim_BQ, weights, gain=0.5),
        StillTask(0.4),
    ]
    frame_task = mink.FrameTask("left palm", "site", weights[:3], weights[3:], gain=0.8, lm_damping=0.3)
    theirs = [frame_task, mink.PostureTask(model, weights, gain=0.5), mink.DampingTask(model, 0.4)]
    frame_BR44 = forward(tree, q_BQ)
    for row, q_Q in enumerate(q_BQ):
        configuration = mink.Configuration(model, q_Q.numpy())
        frame_task.set_target(mink.SE3.from_matrix(target_B44[row].numpy()))
        theirs[1].set_target(aim_BQ[row].numpy())
        for our, their in zip(ours, theirs, strict=True):
            objective = their.compute_qp_objective(configuration)
            hessian_BQQ, gradient_BQ = our.objective(tree, q_BQ, frame_BR44)
            torch.testing.assert_close(hessian_BQQ[row], torch.from_numpy(objective.H), atol=1e-8, rtol=0)
            torch.testing.assert_close(gradient_BQ[row], torch.from_numpy(objective.c), atol=1e-8, rtol=0)


def test_a_frames_error_changes_as_its_derivative_says() -> None:
    rng = torch.Generator().manual_seed(1)
    q_BQ = KUKA.drawn(5, rng)
    task = FrameTask("link 7", forward(KUKA, KUKA.drawn(5, rng))[:, -1])
    _, jacobian_BKQ = task.error(KUKA, q_BQ, forward(KUKA, q_BQ))
    for j in range(7):
        step = torch.zeros(7, dtype=torch.float64)
        step[j] = 1e-6
        after, before = (task.error(KUKA, q, forward(KUKA, q))[0] for q in (q_BQ + step, q_BQ - step))
        torch.testing.assert_close(jacobian_BKQ[:, :, j], (after - before) / 2e-6, atol=1e-6, rtol=0)


def test_there_is_no_error_where_it_should_be() -> None:
    q_BQ = KUKA.drawn(3, torch.Generator().manual_seed(2))
    frame_BR44 = forward(KUKA, q_BQ)
    for task in (FrameTask("link 3", frame_BR44[:, 3]), PostureTask(q_BQ), StillTask()):
        error_BK, _ = task.error(KUKA, q_BQ, frame_BR44)
        assert error_BK.abs().max() < 1e-7
        assert task.objective(KUKA, q_BQ, frame_BR44)[1].abs().max() < 1e-7


def test_contradictions_are_told() -> None:
    q_BQ = KUKA.rest_Q[None]
    frame_BR44 = forward(KUKA, q_BQ)
    with pytest.raises(UsageError, match="gain=2 of a task; expected 0 <= gain <= 1"):
        StillTask(gain=2)
    with pytest.raises(UsageError, match="damping=-1 of a task"):
        StillTask(damping=-1)
    for task, said in (
        (FrameTask("link 7", torch.eye(3)), r"target of shape \(3, 3\); expected \(4, 4\) or \(1, 4, 4\)"),
        (FrameTask("link 7", torch.eye(4), position=[1.0, 2.0]), "position of 2 weights; expected one, or 3"),
        (PostureTask(KUKA.rest_Q, weight=-1.0), "expected weights of 0 or more"),
        (FrameTask("hand", torch.eye(4)), "unknown frame"),
    ):
        with pytest.raises(UsageError, match=said):
            task.objective(KUKA, q_BQ, frame_BR44)
