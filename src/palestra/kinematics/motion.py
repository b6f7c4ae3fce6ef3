"""Where a robot's frames are and how they move: forward kinematics and geometric Jacobians of a whole batch at once."""

import torch
from torch import Tensor

from palestra.kinematics.tree import Tree
from palestra.ops.shapes import check_rank


def forward(tree: Tree, q_BQ: Tensor) -> Tensor:
    """(B, R, 4, 4): all frames, seen from the base, at configurations (B, Q)."""
    check_rank(2, q_BQ=q_BQ)
    value_BR = q_BQ[:, tree.joint_of_frame] * tree.factor_R + tree.shift_R
    sine, cosine, slide = (each[..., None, None] for each in (value_BR.sin(), value_BR.cos(), value_BR))
    still, with_sine, with_cosine, with_slide = tree.parts
    step_BR44 = still + with_sine * sine + with_cosine * cosine
    if any(frame.slides for frame in tree.frames):
        step_BR44 = step_BR44 + with_slide * slide
    frames: list[Tensor] = []
    for frame, step_B44 in zip(tree.frames, step_BR44.unbind(1), strict=True):
        frames.append(step_B44 if frame.parent < 0 else frames[frame.parent] @ step_B44)
    return torch.stack(frames, 1)


def jacobian(tree: Tree, frame_BR44: Tensor, end: str) -> Tensor:
    """(B, 6, Q): how fast a frame moves (m) and turns (rad), seen from the base, per unit of each joint's speed.

    A joint that turns about the axis a through the point p moves a point x at a x (x - p); one that slides, at a.
    """
    place = tree.place(end)
    way = tree.way(place)
    axis_BI3 = (frame_BR44[:, way, :3, :3] @ tree.axis_R3[way, :, None]).squeeze(-1)
    lever_BI3 = frame_BR44[:, place, None, :3, 3] - frame_BR44[:, way, :3, 3]
    slides_I1 = tree.slides_R[way, None]
    moves_BI3 = torch.where(slides_I1, axis_BI3, torch.linalg.cross(axis_BI3, lever_BI3))
    turns_BI3 = axis_BI3.masked_fill(slides_I1, 0.0)
    column_BI6 = torch.cat((moves_BI3, turns_BI3), 2) * tree.factor_R[way, None]
    still_BQ6 = column_BI6.new_zeros(len(column_BI6), len(tree.joints), 6)
    return still_BQ6.index_add(1, tree.joint_of_frame[way], column_BI6).mT


def manipulability(jacobian_BKQ: Tensor) -> Tensor:
    """(B,): how freely an end moves in all directions of its K, and 0 where one is lost (Yoshikawa 1985).

    The root of det J J', which is the product of the singular values of J.
    """
    check_rank(3, jacobian_BKQ=jacobian_BKQ)
    square_B: Tensor = torch.linalg.det(jacobian_BKQ @ jacobian_BKQ.mT)
    return square_B.clamp_min(0.0).sqrt()
