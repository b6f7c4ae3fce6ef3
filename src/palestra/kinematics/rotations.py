"""Rotations and poses as matrices, and their logarithms with the derivatives of these (Sola, Deray & Atchuthan 2018).

A pose's logarithm is a twist (v, w): the way and the turn that, gone along at a constant rate, lead there.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

SMALL = 1e-4
"""Radians below which a series takes the place of a quotient of small numbers; what it leaves out is below 1e-17."""


def transform(rotation_33: Tensor, xyz: Sequence[float]) -> Tensor:
    """(4, 4) float64: turned, then moved."""
    made = torch.eye(4, dtype=torch.float64)
    made[:3, :3], made[:3, 3] = rotation_33, torch.tensor(list(xyz), dtype=torch.float64)
    return made


def about(axis: Sequence[float], angle: float) -> Tensor:
    """(3, 3) float64: the turn about an axis of any length but zero."""
    a = torch.tensor(list(axis), dtype=torch.float64)
    a = a / float(torch.linalg.vector_norm(a))
    outer = a[:, None] * a
    eye = torch.eye(3, dtype=torch.float64)
    return outer + skew(a) * math.sin(angle) + (eye - outer) * math.cos(angle)


def from_rpy(roll: float, pitch: float, yaw: float) -> Tensor:
    """(3, 3) float64: about the fixed axes x, y, z, in this order, as a URDF has it."""
    return about((0, 0, 1), yaw) @ about((0, 1, 0), pitch) @ about((1, 0, 0), roll)


def from_quaternion(w: float, x: float, y: float, z: float) -> Tensor:
    """(3, 3) float64 of a quaternion of any length but zero."""
    length = math.hypot(x, y, z)
    return about((x, y, z), 2 * math.atan2(length, w)) if length > 0 else torch.eye(3, dtype=torch.float64)


def skew(vector_B3: Tensor) -> Tensor:
    """(..., 3, 3): the matrix that takes the cross product with vectors (..., 3)."""
    x, y, z = vector_B3.unbind(-1)
    zero = torch.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def rotation_vector(rotation_B33: Tensor) -> Tensor:
    """(..., 3): the logarithm of rotations, axis times angle, up to half a turn."""
    (a, b, c), (d, e, f), (g, h, i) = (row.unbind(-1) for row in rotation_B33.unbind(-2))
    # 4 q q' of the quaternion q = (w, x, y, z); its row of the largest diagonal is q without loss of digits
    rows = (
        (1 + a + e + i, h - f, c - g, d - b),
        (h - f, 1 + a - e - i, d + b, c + g),
        (c - g, d + b, 1 - a + e - i, h + f),
        (d - b, c + g, h + f, 1 - a - e + i),
    )
    product_B44 = torch.stack([torch.stack(row, -1) for row in rows], -2)
    most_B = product_B44.diagonal(dim1=-2, dim2=-1).argmax(-1)
    q_B4 = product_B44.gather(-2, most_B[..., None, None].expand(*most_B.shape, 1, 4)).squeeze(-2)
    q_B4 = q_B4 / q_B4.norm(dim=-1, keepdim=True)
    q_B4 = torch.where(q_B4[..., :1] < 0, -q_B4, q_B4)
    sine_B1, cosine_B1 = q_B4[..., 1:].norm(dim=-1, keepdim=True), q_B4[..., :1]
    half_B1 = torch.atan2(sine_B1, cosine_B1)
    scale_B1 = torch.where(sine_B1 > SMALL, 2 * half_B1 / sine_B1.clamp_min(SMALL), 2 + sine_B1**2 / 3)
    return q_B4[..., 1:] * scale_B1


def pose_vector(pose_B44: Tensor) -> Tensor:
    """(..., 6): the logarithm (v, w) of poses."""
    w_B3 = rotation_vector(pose_B44[..., :3, :3])
    v_B3 = (_inverse_left(w_B3) @ pose_B44[..., :3, 3:]).squeeze(-1)
    return torch.cat((v_B3, w_B3), -1)


def pose_vector_jacobian(twist_B6: Tensor) -> Tensor:
    """(..., 6, 6): how the logarithm of a pose changes as the pose is moved in its own frame, at given logarithms.

    log(T exp(d)) = log(T) + J d to the first order (their eq. 163 for poses: the inverse right Jacobian).
    """
    v_B3, w_B3 = -twist_B6[..., :3], -twist_B6[..., 3:]
    inverse_B33 = _inverse_left(w_B3)
    corner_B33 = -inverse_B33 @ _coupling(v_B3, w_B3) @ inverse_B33
    above = torch.cat((inverse_B33, corner_B33), -1)
    below = torch.cat((torch.zeros_like(inverse_B33), inverse_B33), -1)
    return torch.cat((above, below), -2)


def inverse_pose(pose_B44: Tensor) -> Tensor:
    """(..., 4, 4): the way back."""
    back_B33 = pose_B44[..., :3, :3].mT
    place_B31 = -back_B33 @ pose_B44[..., :3, 3:]
    return torch.cat((torch.cat((back_B33, place_B31), -1), pose_B44[..., 3:, :]), -2)


def _inverse_left(w_B3: Tensor) -> Tensor:
    """(..., 3, 3): 1 - [w]/2 + (1/|w|^2 - (1 + cos |w|) / (2 |w| sin |w|)) [w]^2, their eq. 146."""
    angle_B11 = w_B3.norm(dim=-1)[..., None, None]
    safe_B11 = angle_B11.clamp_min(SMALL)
    half_B11 = safe_B11 / 2
    ratio_B11 = (1 - half_B11 * half_B11.cos() / half_B11.sin()) / safe_B11**2
    ratio_B11 = torch.where(angle_B11 > SMALL, ratio_B11, 1 / 12 + angle_B11**2 / 720)
    cross_B33 = skew(w_B3)
    return torch.eye(3).to(w_B3) - cross_B33 / 2 + ratio_B11 * (cross_B33 @ cross_B33)


def _coupling(v_B3: Tensor, w_B3: Tensor) -> Tensor:
    """(..., 3, 3): what a turn makes of a way, Q of their eq. 180. Series below a hundredth of a radian."""
    t = w_B3.norm(dim=-1)[..., None, None]
    s, near = t.clamp_min(1e-2), t <= 1e-2
    b = torch.where(near, 1 / 6 - t**2 / 120, (s - s.sin()) / s**3)
    c = torch.where(near, 1 / 24 - t**2 / 720, (s.cos() - 1 + s**2 / 2) / s**4)
    d = torch.where(near, 1 / 120 - t**2 / 2520, (2 * s - 3 * s.sin() + s * s.cos()) / (2 * s**5))
    v, w = skew(v_B3), skew(w_B3)
    wv, vw, wvw = w @ v, v @ w, w @ v @ w
    return v / 2 + b * (wv + vw + wvw) + c * (w @ wv + vw @ w - 3 * wvw) + d * (wvw @ w + w @ wvw)
