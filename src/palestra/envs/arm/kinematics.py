"""Where a chain's links are, how they move, and which angles bring its end somewhere: batched tensor functions.

Both worlds of the arm call the one inverse here, so that they agree on the angles. Inverse kinematics is damped least
squares (Wampler 1986; Nakamura and Hanafusa 1986):

    dq = v + J^T (J J^T + lambda^2 I)^-1 (e - J v)

with e the error of position (m) and orientation (rad, weighted), v a pull towards the preferred posture that only the
null space of J follows, and lambda^2 proportional to |e|^2 (Chan and Lawrence 1988): heavily damped far from the
target, quadratic convergence near it. A joint that reaches its limit stays there and the others do the work.
"""

from functools import cache

import torch
from torch import Tensor

from palestra.envs.arm.robot import Robot

DOWN = ((0.0, -1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
"""The end-effector's orientation with the gripper down, as a matrix: Euler angles [0, -pi, pi / 2] about x, y, z."""
METRES_PER_RADIAN = 0.3
"""How much an error of orientation weighs beside one of position: about the lever of the wrist."""
POSTURE_PULL = 0.3
"""Part of the way to the preferred posture that an iteration tries to go, as far as the end does not move."""
CLOSE = 1e-5
"""Metres within which a place counts as met."""
DAMPING, LEAST_DAMPING = 0.05, 1e-6
"""Damping per squared error, and the least."""


def forward(robot: Robot, q_B7: Tensor) -> Tensor:
    """Frames of the base and of every link (B, N + 1, 4, 4) at joint angles (B, N): PyBullet's getLinkState[4:6]."""
    sine, cosine = q_B7.sin()[..., None, None], q_B7.cos()[..., None, None]
    still, with_sine, with_cosine = robot.turning
    step_B744 = torch.addcmul(torch.addcmul(still, sine, with_sine), cosine, with_cosine)
    frame = torch.eye(4, dtype=q_B7.dtype, device=q_B7.device).expand(len(q_B7), 4, 4)
    frames = [frame]
    for step in step_B744.unbind(1):
        frame = frame @ step
        frames.append(frame)
    return torch.stack(frames, 1)


def jacobian(robot: Robot, frame_B844: Tensor) -> Tensor:
    """The geometric Jacobian (B, 6, N) of the last link at given frames: metres, then radians, per radian."""
    axis_B73 = (frame_B844[:, 1:, :3, :3] @ robot.axis[:, :, None]).squeeze(-1)
    place_B73 = frame_B844[:, 1:, :3, 3]
    lever_B73 = place_B73[:, -1:] - place_B73
    return torch.cat((torch.linalg.cross(axis_B73, lever_B73), axis_B73), 2).mT


def inverse(
    robot: Robot,
    q_B7: Tensor,
    position_B3: Tensor,
    rotation_33: Tensor | None = None,
    iterations: int = 5,
    last_iterations: int = 5,
) -> Tensor:
    """Joint angles (B, N) near ``q_B7``, within the limits, that bring the last link to a place (m) and orientation.

    ``rotation_33`` is the wanted orientation, or none for :data:`DOWN`. Place comes before orientation: after
    ``iterations`` on both, those that are not there yet get ``last_iterations`` on the place alone. So where the limits
    allow the gripper to point down, it does; where they allow only a tilted one (near the base), it tilts; where
    nothing reaches, the end comes near.
    What is done for a row does not depend on its neighbours.
    """
    rotation_133 = (_down(q_B7.device) if rotation_33 is None else rotation_33).unsqueeze(0)
    for i in range(iterations):
        frame_B844 = forward(robot, q_B7)
        turn_B3 = _turn(frame_B844[:, -1, :3, :3], rotation_133)
        error_B6 = torch.cat((position_B3 - frame_B844[:, -1, :3, 3], turn_B3 * METRES_PER_RADIAN), 1)
        pull = POSTURE_PULL if i < iterations - 2 else 0.0
        q_B7 = _descend(robot, q_B7, jacobian(robot, frame_B844) * _weight(q_B7.device), error_B6, pull)
    if last_iterations == 0:
        return q_B7
    away_B = torch.linalg.vector_norm(position_B3 - forward(robot, q_B7)[:, -1, :3, 3], dim=1) > CLOSE
    if q_B7.device.type != "cpu":  # there, to read a value is to wait for it
        return torch.where(away_B.unsqueeze(1), _approach(robot, q_B7, position_B3, last_iterations), q_B7)
    away_M = away_B.nonzero().squeeze(1)
    if len(away_M) == 0:
        return q_B7
    return q_B7.index_copy(0, away_M, _approach(robot, q_B7[away_M], position_B3[away_M], last_iterations))


def _approach(robot: Robot, q_B7: Tensor, position_B3: Tensor, iterations: int) -> Tensor:
    """Joint angles that bring the last link nearer to a place, whatever its orientation."""
    for _ in range(iterations):
        frame_B844 = forward(robot, q_B7)
        error_B3 = position_B3 - frame_B844[:, -1, :3, 3]
        q_B7 = _descend(robot, q_B7, jacobian(robot, frame_B844)[:, :3], error_B3, 0.0)
    return q_B7


def _descend(robot: Robot, q_B7: Tensor, jacobian_BK7: Tensor, error_BK: Tensor, pull: float) -> Tensor:
    """One step of damped least squares for K rows of error, then the limits."""
    downhill_B7 = (jacobian_BK7.mT @ error_BK.unsqueeze(2)).squeeze(2)
    held_B7 = ((q_B7 <= robot.lower) & (downhill_B7 < 0)) | ((q_B7 >= robot.upper) & (downhill_B7 > 0))
    jacobian_BK7 = jacobian_BK7.masked_fill(held_B7.unsqueeze(1), 0.0)
    square_BKK = jacobian_BK7 @ jacobian_BK7.mT
    damping_B1 = error_BK.square().sum(1, keepdim=True) * DAMPING + LEAST_DAMPING
    square_BKK.diagonal(dim1=1, dim2=2).add_(damping_B1)
    if pull:
        toward_B7 = ((robot.initial - q_B7) * pull).masked_fill(held_B7, 0.0)
        q_B7 = q_B7 + toward_B7
        error_BK = error_BK - (jacobian_BK7 @ toward_B7.unsqueeze(2)).squeeze(2)
    solution_BK1 = torch.linalg.solve_ex(square_BKK, error_BK.unsqueeze(2))[0]
    q_B7 = q_B7 + (jacobian_BK7.mT @ solution_BK1).squeeze(2)
    return torch.minimum(torch.maximum(q_B7, robot.lower), robot.upper)


def _turn(rotation_B33: Tensor, wanted_133: Tensor) -> Tensor:
    """(B, 3): the axis about which to turn, as long as the angle (rad) while that is small, and never short.

    Half the sum of the columns' cross products is the axis times the sine, which vanishes at half a turn too; divided
    by 1.2 + cos it grows up to there.
    """
    sine_B3 = torch.linalg.cross(rotation_B33, wanted_133, dim=1).sum(2) * 0.5
    cosine_B1 = (rotation_B33 * wanted_133).sum((1, 2)).unsqueeze(1) * 0.5 - 0.5
    turn_B3: Tensor = sine_B3 * 2.2 / (1.2 + cosine_B1)
    return turn_B3


@cache
def _down(device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        return torch.tensor(DOWN, device=device)


@cache
def _weight(device: torch.device) -> Tensor:
    """(6, 1): what makes a radian of orientation comparable with a metre of position."""
    with torch.inference_mode(False):
        return torch.tensor([[1.0]] * 3 + [[METRES_PER_RADIAN]] * 3, device=device)
