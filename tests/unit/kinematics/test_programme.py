"""Velocities are mink's from the same tasks and limits, ours batched and DAQP's alike, and lead where they should."""

from pathlib import Path
from typing import Any

import pytest
import torch
from jointed import write_robots

from palestra.envs.arm.robot import load_robot
from palestra.errors import UsageError
from palestra.kinematics.limits import JointLimit, PlaneLimit, SpeedLimit
from palestra.kinematics.motion import forward
from palestra.kinematics.programme import build_programme, follow, velocity
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tasks import FrameTask, PostureTask, StillTask

KUKA = load_robot("kuka_iiwa").as_tree()
END = "link 7"


def test_velocities_are_minks(tmp_path: Path) -> None:
    """Two hands and a posture, joints' limits and speeds, of 12 configurations, most of which some limit holds."""
    mink: Any = pytest.importorskip("mink", reason="a peer of the tests, not installed")
    pytest.importorskip("daqp", reason="the [kinematics] extra is not installed")
    import mujoco

    path = write_robots(tmp_path)[1]
    model, tree = mujoco.MjModel.from_xml_path(str(path)), read_robot(path)
    rng = torch.Generator().manual_seed(0)
    q_BQ, aim_BQ = tree.drawn(12, rng), tree.drawn(12, rng)
    aim_BR44 = forward(tree, aim_BQ)
    hands = ("left palm", "badge")
    targets = {hand: aim_BR44[:, tree.place(hand)] for hand in hands}
    speeds = {"yaw": 3.0, "reach": 0.5, "right twist": 2.0}
    speed_Q = torch.tensor([speeds.get(joint.name, torch.inf) for joint in tree.joints], dtype=torch.float64)
    tasks = [*(FrameTask(hand, targets[hand], 1.0, 0.3, damping=0.1) for hand in hands), PostureTask(aim_BQ, 0.1)]
    limits = (JointLimit(), SpeedLimit(speed_Q))
    options: Any = {"seconds": 0.1, "damping": 1e-6}
    ours, solved_B = velocity(tree, q_BQ, tasks, limits, **options)
    by_daqp, found_B = velocity(tree, q_BQ, tasks, limits, solver="daqp", **options)
    assert solved_B.all()
    assert found_B.all()
    torch.testing.assert_close(ours, by_daqp, atol=1e-6, rtol=0)
    their_tasks = [mink.FrameTask(hand, "site", 1.0, 0.3, lm_damping=0.1) for hand in hands]
    posture = mink.PostureTask(model, 0.1)
    their_limits = [mink.ConfigurationLimit(model), mink.VelocityLimit(model, speeds)]
    for row, q_Q in enumerate(q_BQ):
        for task, hand in zip(their_tasks, hands, strict=True):
            task.set_target(mink.SE3.from_matrix(targets[hand][row].numpy()))
        posture.set_target(aim_BQ[row].numpy())
        configuration = mink.Configuration(model, q_Q.numpy())
        expected = mink.solve_ik(
            configuration, [*their_tasks, posture], 0.1, "daqp", damping=1e-6, limits=their_limits, primal_tol=1e-10
        )
        torch.testing.assert_close(ours[row], torch.from_numpy(expected), atol=1e-6, rtol=0)
    problem = build_programme(tree, q_BQ, tasks, limits, **options)
    slack_BL = problem.most_BL - (problem.rows_BLA @ (0.1 * ours)[..., None]).squeeze(2)
    assert slack_BL.min() > -1e-9
    assert (slack_BL.amin(1) < 1e-9).sum() >= 6


def test_steps_lead_to_the_target_within_the_limits() -> None:
    aim_BQ = KUKA.drawn(20, torch.Generator().manual_seed(3))
    target_B44 = forward(KUKA, aim_BQ)[:, -1]
    tasks = (FrameTask(END, target_B44, orientation=0.0, damping=0.1), StillTask(0.02))
    q_BQ = follow(KUKA, KUKA.rest_Q.expand(20, 7), tasks, steps=40)
    away_B = (forward(KUKA, q_BQ)[:, -1, :3, 3] - target_B44[:, :3, 3]).norm(dim=1)
    assert torch.equal(KUKA.within(q_BQ), q_BQ)
    assert (away_B < 1e-3).float().mean() >= 0.75


def test_a_table_is_not_touched() -> None:
    """The target is below it; along the way the end comes as near as a millimetre and never under."""
    target = torch.eye(4, dtype=torch.float64)
    target[:3, 3] = torch.tensor([0.5, 0.1, -0.1])
    table = PlaneLimit(END, (0.0, 0.0, -1.0), 0.0)
    tasks = (FrameTask(END, target, orientation=0.0, damping=0.1), StillTask(0.02))
    q_BQ, lowest = KUKA.rest_Q[None], []
    for _ in range(30):
        q_BQ = follow(KUKA, q_BQ, tasks, (JointLimit(), table, SpeedLimit([0.5] * 7)), seconds=0.2, steps=1)
        lowest.append(float(forward(KUKA, q_BQ)[0, -1, 2, 3]))
    assert min(lowest) > -2e-3  # to the first order of a step
    assert abs(lowest[-1]) < 2e-3
    free_BQ = follow(KUKA, KUKA.rest_Q[None], tasks, seconds=0.2, steps=30)
    assert float(forward(KUKA, free_BQ)[0, -1, 2, 3]) < -0.09


def test_where_limits_contradict_one_another_it_stands_still() -> None:
    """One of two begins a radian beyond a limit and may move by a hundredth of one."""
    q_BQ = KUKA.rest_Q.repeat(2, 1)
    q_BQ[1, 0] = KUKA.upper_Q[0] + 1.0
    limits = (JointLimit(), SpeedLimit([0.1] * 7))
    for solver in ("batched", "daqp"):
        if solver == "daqp":
            pytest.importorskip("daqp", reason="the [kinematics] extra is not installed")
        found, solved_B = velocity(KUKA, q_BQ, [PostureTask(KUKA.upper_Q)], limits, seconds=0.1, solver=solver)
        assert solved_B.tolist() == [True, False]
        assert found[0].abs().max().item() == pytest.approx(0.1)
        assert (found[1] == 0).all()


def test_without_limits_it_is_one_linear_equation() -> None:
    q_BQ = KUKA.drawn(3, torch.Generator().manual_seed(4))
    found, solved_B = velocity(KUKA, q_BQ, [PostureTask(KUKA.rest_Q, 2.0, gain=0.5)], (), seconds=0.5, damping=0.0)
    assert solved_B.all()
    torch.testing.assert_close(found, KUKA.rest_Q - q_BQ)


def test_contradictions_are_told() -> None:
    q_BQ = KUKA.rest_Q[None]
    with pytest.raises(UsageError, match="no task; expected one, at least"):
        velocity(KUKA, q_BQ, [])
    with pytest.raises(UsageError, match="seconds=0; expected more than 0"):
        velocity(KUKA, q_BQ, [StillTask()], seconds=0)
    pytest.importorskip("qpsolvers", reason="the [kinematics] extra is not installed")
    with pytest.raises(UsageError, match="solver 'simplex'; expected batched, or of qpsolvers "):
        velocity(KUKA, q_BQ, [StillTask()], solver="simplex")
