"""Tasks: what a robot should do next, each as an error that its next step is to lessen, with a weight.

To the first order a step dq makes of an error e the error e + J dq; a task wants that to be (1 - gain) e. Weighted and
squared, all of them together are one quadratic function of dq:

    sum_i |W_i (J_i dq + gain_i e_i)|^2 / 2   =   1/2 dq'H dq + c'dq + ...

(Escande, Mansard & Wieber 2014). In this form tasks that cannot all be had are traded by their weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from palestra.errors import require
from palestra.kinematics.motion import jacobian
from palestra.kinematics.rotations import inverse_pose, pose_vector, pose_vector_jacobian
from palestra.kinematics.tree import Tree

Weight = float | Sequence[float]
"""One for all rows of an error, or one for each."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Task(ABC):
    """An error, its weights, and how fast it is to vanish."""

    gain: float = 1.0
    """Share of the error that a step is to take away."""
    damping: float = 0.0
    """Levenberg and Marquardt's, per squared weighted error: the farther away, the smaller the step."""

    def __post_init__(self) -> None:
        require(0 <= self.gain <= 1, f"gain={self.gain:g} of a task", "0 <= gain <= 1")
        require(self.damping >= 0, f"damping={self.damping:g} of a task", "0 or more")

    @abstractmethod
    def error(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor) -> tuple[Tensor, Tensor]:
        """The error (B, K) and its derivative by the joints (B, K, Q)."""

    @abstractmethod
    def weights(self, rows: int) -> Sequence[float]:
        """Of each row of the error."""

    def objective(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor) -> tuple[Tensor, Tensor]:
        """H (B, Q, Q) and c (B, Q)."""
        error_BK, jacobian_BKQ = self.error(tree, q_BQ, frame_BR44)
        weight_K = error_BK.new_tensor(self.weights(error_BK.shape[1]))
        wish_BK1 = (weight_K * -self.gain * error_BK)[..., None]
        weighed_BKQ = weight_K[:, None] * jacobian_BKQ
        hessian_BQQ = weighed_BKQ.mT @ weighed_BKQ
        hessian_BQQ.diagonal(dim1=1, dim2=2).add_(self.damping * wish_BK1.square().sum(1))
        return hessian_BQQ, -(weighed_BKQ.mT @ wish_BK1).squeeze(2)


@dataclass(frozen=True, eq=False)
class FrameTask(Task):
    """Bring a frame to a pose. The error is the twist from the frame to its target, in the frame's own axes."""

    end: str
    """The frame's name."""
    target: Any
    """(4, 4) or (B, 4, 4) poses seen from the base."""
    position: Weight = 1.0
    """Weight of the place, per m."""
    orientation: Weight = 1.0
    """Weight of the orientation, per rad; 0 lets it go."""

    def error(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor) -> tuple[Tensor, Tensor]:
        """The logarithm of the way from the frame to the target."""
        here_B44 = frame_BR44[:, tree.place(self.end)]
        target_B44 = torch.as_tensor(self.target, dtype=q_BQ.dtype, device=q_BQ.device)
        given = f"target of shape {tuple(target_B44.shape)}"
        require(target_B44.shape[-2:] == (4, 4), given, f"(4, 4) or ({len(q_BQ)}, 4, 4)")
        target_B44 = target_B44.expand(len(q_BQ), 4, 4)
        back_B33 = here_B44[:, :3, :3].mT
        turns_B6Q = jacobian(tree, frame_BR44, self.end)
        own_B6Q = torch.cat((back_B33 @ turns_B6Q[:, :3], back_B33 @ turns_B6Q[:, 3:]), 1)
        error_B6 = pose_vector(inverse_pose(here_B44) @ target_B44)
        return error_B6, -pose_vector_jacobian(-error_B6) @ own_B6Q  # log of the way back is the twist with a minus

    def weights(self, rows: int) -> Sequence[float]:
        """Three of the place, three of the orientation."""
        return [*_each(self.position, 3, "position"), *_each(self.orientation, 3, "orientation")]


@dataclass(frozen=True, eq=False)
class PostureTask(Task):
    """Be like a posture."""

    posture: Any
    """(Q,) or (B, Q)."""
    weight: Weight = 1.0

    def error(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor) -> tuple[Tensor, Tensor]:
        """How far every joint is from there."""
        eye_QQ = torch.eye(q_BQ.shape[1]).to(q_BQ)
        posture_BQ = torch.as_tensor(self.posture, dtype=q_BQ.dtype, device=q_BQ.device)
        return q_BQ - posture_BQ, eye_QQ.expand(len(q_BQ), *eye_QQ.shape)

    def weights(self, rows: int) -> Sequence[float]:
        """Of each joint."""
        return _each(self.weight, rows, "weight")


@dataclass(frozen=True, eq=False)
class StillTask(Task):
    """Do not move: what no other task needs stays where it is."""

    weight: Weight = 1.0

    def error(self, tree: Tree, q_BQ: Tensor, frame_BR44: Tensor) -> tuple[Tensor, Tensor]:
        """None, wherever it is."""
        eye_QQ = torch.eye(q_BQ.shape[1]).to(q_BQ)
        return torch.zeros_like(q_BQ), eye_QQ.expand(len(q_BQ), *eye_QQ.shape)

    def weights(self, rows: int) -> Sequence[float]:
        """Of each joint."""
        return _each(self.weight, rows, "weight")


def _each(weight: Weight, rows: int, name: str) -> list[float]:
    made = [float(weight)] * rows if isinstance(weight, int | float) else [float(each) for each in weight]
    require(len(made) == rows, f"{name} of {len(made)} weights", f"one, or {rows}")
    require(all(each >= 0 for each in made), f"{name}={made}", "weights of 0 or more")
    return made
