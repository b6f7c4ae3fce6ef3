"""The linear-quadratic regulator: the best feedback near a state of rest, found once (Kalman 1960).

    u = K x,   K = -(R + B'P B)^-1 B'P A,   P = Q + A'P A - A'P B (R + B'P B)^-1 B'P A

A and B are the derivatives of the world's dynamics where every number of the state is zero and nothing is done, Q and R
those of its cost. In a linear world of quadratic cost that is the best that can be done; in others it is so near the
rest, and how far that reaches, is what there is to see.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from palestra.engine.policy import Policy
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.ops.expansion import convex, curvature, jacobian
from palestra.ops.riccati import feedback_gain, solve_riccati

AT_REST = 1e-6
"""What a step may move a state of rest by, in units of the state."""


@dataclass(frozen=True)
class LQRConfig(AlgorithmConfig):
    """Settings of the linear-quadratic regulator."""

    effort: float = 1.0
    """What actions cost, as a multiple of what they cost in the world: more of it is a gentler feedback."""

    def __post_init__(self) -> None:
        require(self.effort > 0, f"effort={self.effort}", "more than 0")


class LQR(Policy):
    """A linear feedback, clipped to the bounds."""

    name = "lqr"
    config_type = LQRConfig
    derives = ("model", "gain")

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        self.config: LQRConfig = config or LQRConfig()
        self.model = Model(env)
        with torch.inference_mode(False):
            self.gain = regulator(self.model, self.config.effort).to(self.model.low.dtype)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """K x, within the bounds."""
        model = self.model
        state = model.state(seen)
        away = model.difference(state, torch.zeros_like(state))
        return (away @ self.gain.T).clamp(model.low, model.high)


def regulator(model: Model, effort: float) -> Tensor:
    """(A, V) K, float64. UsageError where zero is no state of rest, or no feedback keeps the world near it."""
    size = model.state_size
    at = torch.zeros(1, size + model.action_size, dtype=torch.float64, device=model.device)

    def after(rows: Tensor) -> Tensor:
        return model.step(rows[:, :size], rows[:, size:])[0]

    def cost(rows: Tensor) -> Tensor:
        return model.step(rows[:, :size], rows[:, size:])[1]

    moved = model.difference(after(at), at[:, :size]).abs().max()
    require(
        bool(moved <= AT_REST), f"a world that moves by {float(moved):.3g} from zero", "one at rest where all is zero"
    )
    moves, bend = jacobian(after, at)[0], convex(curvature(cost, at)[1])[0]
    a, b, q, r = moves[:, :size], moves[:, size:], bend[:size, :size], effort * bend[size:, size:]
    priced = bool(torch.linalg.eigvalsh(r)[0] > 0)
    require(priced, "a world in which actions cost nothing at rest", "one whose cost grows with what is done")
    return feedback_gain(a, b, r, solve_riccati(a, b, q, r))
