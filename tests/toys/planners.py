"""Planners in small worlds, for tests of what they have in common."""

from typing import Any

import torch
from torch import Tensor

from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.learners.registry import learner_type
from palestra.ops.riccati import Stage, Value, lqr

NAMES = ("cem", "mppi", "predictive-sampling", "ilqr")
LINE = "palestra/DoubleIntegrator-v0"


def planner(name: str, env_id: str = "Pendulum-v1", **settings: Any) -> Any:
    """A policy, with settings over its own."""
    kind = learner_type(name)
    return kind.kind(make_vec(env_id, 2), kind.config_type(**settings), seed=0)


def line() -> Model:
    """The linear world."""
    return Model(make_vec(LINE, 1))


def line_optimum(state: Tensor, horizon: int) -> tuple[Tensor, Tensor]:
    """The best plans (E, T, 1) from states (E, 2) of the linear world, and their costs (E,), by Riccati's recursion."""
    one = torch.ones(1, 1, dtype=torch.float64)
    a = torch.tensor([[1.0, 0.1], [0.0, 1.0]], dtype=torch.float64)
    b = torch.tensor([[0.005], [0.1]], dtype=torch.float64)
    q = torch.diag(torch.tensor([0.2, 0.02], dtype=torch.float64))
    nothing = torch.zeros(2, dtype=torch.float64)
    now = Stage(a, b, q, 0.02 * one, torch.zeros(1, 2, dtype=torch.float64), nothing, nothing[:1], nothing)
    acts, values = lqr([now] * horizon, Value(torch.zeros(2, 2, dtype=torch.float64), nothing))
    x, plan = state.double(), []
    for act in acts:
        plan.append(x @ act.gain.T)
        x = x @ a.T + plan[-1] @ b.T
    start = state.double()
    return torch.stack(plan, 1), ((start @ values[0].matrix) * start).sum(1) / 2
