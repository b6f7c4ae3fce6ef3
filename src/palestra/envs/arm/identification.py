"""System identification: the motors of the twin that move as another world's arm was seen to move.

Recorded are actions and joint angles; what the joints were told follows from the actions by the inverse kinematics that
all worlds share. For every latency that may be, lag and sag of every joint are fitted to whole recordings, from their
first angles on (output error; Ljung 1999, section 4.4), by Levenberg and Marquardt's damped least squares:

    min over lag, sag of the sum over t of (q_t - qhat_t)^2,    qhat_{t+1} = follow(qhat_t, u_t, u_{t+1}, lag, sag)

and the latency of the smallest error is taken. The joints do not move one another in this model, so each has a problem
of its own, of two unknowns; all are solved at once.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from palestra.envs.arm.drive import LARGEST_SAG, LONGEST_LAG, Drive, moved_by, shares, shares_by_lag
from palestra.envs.arm.kinematics import forward, inverse
from palestra.envs.arm.looks import MAX_LATENCY
from palestra.envs.arm.robot import Robot
from palestra.envs.arm.task import MAX_STEP
from palestra.envs.vector import VectorEnv
from palestra.errors import require

MIDDLE = (0.5, 0.0, 0.35)
"""Recorded arms are drawn to here (m), so that they do not leave the workspace, which would end the episode."""
ITERATIONS = 40
FIRST_LAG = 0.05
SETTLED = 1e-9
"""Seconds and radians below which another step changes nothing."""


@dataclass(frozen=True)
class Motion:
    """What B arms were told, and where they went, T steps long."""

    action_TB3: Tensor
    joints_TBJ: Tensor
    """T + 1 rows: the angles (rad) before the first action too."""
    whole_TB: Tensor
    """bool: whether the arm's first episode was still under way after the step."""


@dataclass(frozen=True)
class Fit:
    """The motors that were found, and what they leave unexplained."""

    drive: Drive
    error: float
    """Root of the mean squared error of a joint's angle (rad), of whole recordings foretold from their first angles."""
    exact_error: float
    """The same of joints that obey exactly."""
    place_error: float
    """Mean distance of the end effector from where it was foretold (m)."""


def record(env: VectorEnv, steps: int, seed: int) -> Motion:
    """Move the arms of an environment with view "state" at random, for a number of steps.

    Raises UsageError for observations that do not begin with joints and end effector.
    """
    shape = env.observation_space.shape
    require(len(shape) == 1 and shape[0] > 10, f"observations of shape {shape}", "the arm's view 'state'")
    generator = torch.Generator().manual_seed(seed)
    obs = env.reset(seed)
    joints, actions, whole = [obs[:, :7]], [], []
    under_way = torch.ones(env.num_envs, dtype=torch.bool)
    for _ in range(steps):
        home = 2.0 * (torch.tensor(MIDDLE) - obs[:, 7:10])
        action = (home + 1.2 * (2 * torch.rand(env.num_envs, 3, generator=generator) - 1)).clamp(-1, 1)
        result = env.step(action)
        actions.append(action)
        joints.append(result.final_obs[:, :7])
        under_way = under_way & ~(result.terminated | result.truncated)
        whole.append(under_way)
        obs = result.obs
    return Motion(torch.stack(actions), torch.stack(joints), torch.stack(whole))


def told(robot: Robot, motion: Motion, latency: int = 0) -> Tensor:
    """(T + 1, B, J) float64: the angles that joints were told, of actions so many steps late."""
    command = motion.joints_TBJ[0]
    commands = [command]
    nothing = torch.zeros(latency, *motion.action_TB3.shape[1:])
    for action in torch.cat((nothing, motion.action_TB3))[: len(motion.action_TB3)]:
        command = inverse(robot, command, forward(robot, command)[:, -1, :3, 3] + MAX_STEP * action)
        commands.append(command)
    return torch.stack(commands).double()


def fit_drive(robot: Robot, motion: Motion) -> Fit:
    """The motors that explain a motion best. Raises UsageError where nothing moved for long enough."""
    counted = int(motion.whole_TB.sum())
    require(counted >= 20, f"{counted} recorded steps before the first ends of episodes", "20 at least, better 200")
    fits = [_of_latency(robot, motion, latency) for latency in range(MAX_LATENCY + 1)]
    return min(fits, key=lambda fit: fit.error)


def foretold(robot: Robot, motion: Motion, drive: Drive) -> Tensor:
    """(T + 1, B, J) float64: where the joints would have gone with these motors."""
    lag, sag = (torch.tensor(each, dtype=torch.float64).expand(robot.num_joints) for each in (drive.lag, drive.sag))
    return _rolled(motion.joints_TBJ[0].double(), told(robot, motion, drive.latency), lag, sag)


def _rolled(first_BJ: Tensor, told_TBJ: Tensor, lag_J: Tensor, sag_J: Tensor) -> Tensor:
    path, known = [first_BJ], shares(lag_J)
    for before, after in pairwise(told_TBJ):
        path.append(moved_by(path[-1], before, after, sag_J, *known))
    return torch.stack(path)


def _sensitivity(path_TBJ: Tensor, told_TBJ: Tensor, lag_J: Tensor, sag_J: Tensor) -> Tensor:
    """(T + 1, B, J, 2): how a path changes with lag and sag; the derivative of ``moved_by``, step by step."""
    stays, _ = shares(lag_J)
    stays_by, moved_by_lag = shares_by_lag(lag_J)
    by_lag, by_sag = [torch.zeros_like(path_TBJ[0])], [torch.zeros_like(path_TBJ[0])]
    for q, before, after in zip(path_TBJ[:-1], told_TBJ[:-1], told_TBJ[1:]):
        by_lag.append(stays * by_lag[-1] + stays_by * (q - before - sag_J) + moved_by_lag * (after - before))
        by_sag.append(stays * by_sag[-1] + (1 - stays))
    return torch.stack((torch.stack(by_lag), torch.stack(by_sag)), -1)


def _of_latency(robot: Robot, motion: Motion, latency: int) -> Fit:
    told_TBJ, real_TBJ = told(robot, motion, latency), motion.joints_TBJ.double()
    whole = motion.whole_TB

    def missed(lag_J: Tensor, sag_J: Tensor) -> tuple[Tensor, Tensor]:
        """(M, J) what is left of every recorded step, and the path."""
        path_TBJ = _rolled(real_TBJ[0], told_TBJ, lag_J, sag_J)
        return (path_TBJ - real_TBJ)[1:][whole], path_TBJ

    lag_J = torch.full((robot.num_joints,), FIRST_LAG, dtype=torch.float64)
    sag_J, damping_J = torch.zeros_like(lag_J), torch.full_like(lag_J, 1e-3)
    exact, _ = missed(torch.zeros_like(lag_J), sag_J)
    left_MJ, path_TBJ = missed(lag_J, sag_J)
    for _ in range(ITERATIONS):
        jacobian_JM2 = _sensitivity(path_TBJ, told_TBJ, lag_J, sag_J)[1:][whole].transpose(0, 1)
        square_J22 = jacobian_JM2.mT @ jacobian_JM2
        scale_J2 = square_J22.diagonal(dim1=1, dim2=2)
        square_J22 = square_J22 + torch.diag_embed(damping_J[:, None] * scale_J2 + 1e-12)  # Marquardt 1963
        step_J2 = torch.linalg.solve(square_J22, jacobian_JM2.mT @ left_MJ.T[:, :, None])[..., 0]
        tried_lag = (lag_J - step_J2[:, 0]).clamp(1e-4, LONGEST_LAG)
        tried_sag = (sag_J - step_J2[:, 1]).clamp(-LARGEST_SAG, LARGEST_SAG)
        tried_MJ, tried_TBJ = missed(tried_lag, tried_sag)
        better_J = tried_MJ.square().sum(0) < left_MJ.square().sum(0)
        lag_J, sag_J = torch.where(better_J, tried_lag, lag_J), torch.where(better_J, tried_sag, sag_J)
        left_MJ, path_TBJ = torch.where(better_J, tried_MJ, left_MJ), torch.where(better_J, tried_TBJ, path_TBJ)
        damping_J = torch.where(better_J, damping_J / 3, damping_J * 4).clamp(1e-9, 1e9)
        if float(step_J2.abs().max()) < SETTLED:
            break
    drive = Drive(tuple(lag_J.tolist()), tuple(sag_J.tolist()), latency)
    there = foretold(robot, motion, drive)[1:][whole].float()
    places = (forward(robot, q)[:, -1, :3, 3] for q in (there, motion.joints_TBJ[1:][whole]))
    apart = torch.linalg.vector_norm(next(places) - next(places), dim=1)
    return Fit(drive, float(left_MJ.square().mean().sqrt()), float(exact.square().mean().sqrt()), float(apart.mean()))
