"""Iterative LQR between bounds, in each step anew (Li & Todorov 2004; Tassa, Mansard & Todorov 2014).

Near a plan the world is taken for linear and its cost for quadratic. Then the best change of every action is known, as
a feedback (ops/riccati.py), and where an action is at its bound, so is the best of what is left (ops/box_qp.py):

    u_t <- clip(u_t + alpha k_t + K_t (x_t - planned x_t)),   the alpha that costs least;  again

A cost that bends down is flattened where it does, so that every backward pass succeeds; where no alpha helps, a change
of action is made dearer (mu). The derivatives of all steps of all episodes are taken at once, and so are all alphas.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from palestra.engine.settings import AlgorithmConfig
from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.ops.box_qp import box_qp, free_block
from palestra.ops.expansion import convex, curvature, jacobian
from palestra.ops.riccati import Feedback, Stage, Value, outlook, value_of
from palestra.policies.candidates import chosen, costs, drawn
from palestra.policies.learned_model import model_of
from palestra.policies.planner import Planner
from palestra.policies.plans import Plans

ALPHAS = (1.0, 0.5, 0.25, 0.1, 0.03, 0.01, 0.0)
"""Shares of the change that are tried; with none of it the plan stays as it is."""
RIDGE = 1e-9
"""The least price of a change, so that it has one answer where actions cost nothing."""
FIRST_MU, MU_FACTOR, LEAST_MU = 1e-4, 10.0, 1e-8
"""What a change is made dearer by where none helped, and by what factor after that; below the least it is none."""
SETTLED = 1e-9
"""An improvement by less than this share of the cost is none."""


@dataclass(frozen=True)
class ILQRConfig(AlgorithmConfig):
    """Settings of iterative LQR."""

    model: str = ""
    """A run of dynamics-ensemble or pets, its folder or its id under runs/, to plan in what it has learned; none for
    the equations of the world itself."""
    horizon: int = 50
    """Steps that a plan looks ahead."""
    iterations: int = 2
    """Backward and forward passes a step; plans go on to be improved in the next."""
    samples: int = 16
    """Plans drawn around the present one of which the cheapest is improved; 1 for that one alone."""
    deviation: float = 0.5
    """Standard deviation of these draws, in halves of an action's range."""
    hold: int = 10
    """Steps for which what is drawn stays the same."""

    def __post_init__(self) -> None:
        for name in ("horizon", "iterations", "samples", "hold"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.deviation > 0, f"deviation={self.deviation}", "more than 0")


class ILQR(Planner):
    """Plans by iterative LQR, for vectors of actions with bounds or without."""

    name = "ilqr"
    config_type = ILQRConfig

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0, model: Model | None = None):
        self.config: ILQRConfig = config or ILQRConfig()
        model = model or model_of(env, self.config.model)
        self.range = ((model.high - model.low) / 2).nan_to_num(posinf=1.0).double()
        self.plans = Plans(model, self.config.horizon, seed=seed, precision=torch.float64)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """The plan, or the cheapest of some around it, after some passes."""
        c, model = self.config, self.plans.model
        if c.samples > 1:
            candidates = drawn(plan, c.deviation * self.range, c.samples, c.hold, model, generator)
            plan = chosen(candidates, costs(model, state, candidates, generator).argmin(1, keepdim=True))[:, 0]
        return optimised(model, state, plan, c.iterations).actions.transpose(0, 1)


class Optimised(NamedTuple):
    """What came of some passes."""

    actions: Tensor
    """(T, E, A) the plans."""
    cost: Tensor
    """(E,) of each."""
    passes: int
    """Made, until nothing helped any more."""


def optimised(model: Model, state: Tensor, plan: Tensor, iterations: int) -> Optimised:
    """Plans (E, T, A) from states (E, V), after at most so many passes of iLQR. Float64 throughout."""
    actions = plan.transpose(0, 1).clamp(model.low, model.high)
    states, costs_TE = model.follow(state, actions)
    cost, mu, passes = costs_TE.sum(0), torch.zeros_like(state[:, 0]), 0
    for passes in range(1, iterations + 1):
        feedback = backward(model, expand(model, states[:-1], actions), actions, mu)
        found_states, found_actions, found_cost = forward(model, states, actions, feedback)
        better = cost - found_cost > SETTLED * (1 + cost.abs())
        states = torch.where(better[:, None], found_states, states)
        actions = torch.where(better[:, None], found_actions, actions)
        cost = torch.where(better, found_cost, cost)
        dearer, cheaper = (mu * MU_FACTOR).clamp(min=FIRST_MU), mu / MU_FACTOR
        mu = torch.where(better, cheaper.masked_fill(cheaper < LEAST_MU, 0.0), dearer)
        if not better.any() and passes > 1:
            break
    return Optimised(actions, cost, passes)


def expand(model: Model, states: Tensor, actions: Tensor) -> Stage:
    """The linear world and the quadratic cost near each step of plans: states (T, E, V), actions (T, E, A)."""
    steps, num, size = states.shape
    at = torch.cat((states, actions), -1).flatten(0, 1)

    def after(rows: Tensor) -> Tensor:
        return model.step(rows[:, :size], rows[:, size:])[0]

    def cost(rows: Tensor) -> Tensor:
        return model.step(rows[:, :size], rows[:, size:])[1]

    moves = jacobian(after, at).unflatten(0, (steps, num))
    slope, bend = (part.unflatten(0, (steps, num)) for part in curvature(cost, at))
    bend = convex(bend.flatten(0, 1)).unflatten(0, (steps, num))
    still = torch.zeros_like(states)  # what differs from the plan is what is followed
    return Stage(
        moves[..., :size], moves[..., size:], bend[..., :size, :size], bend[..., size:, size:], bend[..., size:, :size],
        slope[..., :size], slope[..., size:], still,
    )  # fmt: skip


def backward(model: Model, near: Stage, actions: Tensor, mu: Tensor) -> list[Feedback]:
    """The best change of each action (T, E, A), and its feedback, from the last step to the first."""
    value = Value(torch.zeros_like(near.q[0]), torch.zeros_like(near.q_linear[0]))
    found = list[Feedback]()
    one = torch.eye(actions.shape[-1], dtype=actions.dtype, device=actions.device)
    for t in reversed(range(len(actions))):
        seen = outlook(Stage(*(part[t] for part in near)), value)
        uu = seen.uu + (mu + RIDGE)[:, None, None] * one
        change, free = box_qp(uu, seen.u, model.low - actions[t], model.high - actions[t])  # Tassa et al. 2014
        gain = -torch.linalg.solve(free_block(uu, free), seen.ux * free[:, :, None])
        found.insert(0, Feedback(gain, change))
        value = value_of(seen, found[0])  # Tassa et al. 2012
    return found


def forward(model: Model, states: Tensor, actions: Tensor, feedback: list[Feedback]) -> tuple[Tensor, Tensor, Tensor]:
    """States (T + 1, E, V), actions (T, E, A) and cost (E,) of the cheapest of all alphas, tried side by side."""
    num, tries = states.shape[1], len(ALPHAS)
    alpha = torch.tensor(ALPHAS, dtype=states.dtype, device=states.device)[:, None, None]
    at, path, done, paid = states[0].repeat(tries, 1), [states[0].repeat(tries, 1)], list[Tensor](), list[Tensor]()
    over: Tensor | None = None
    for planned, action, now in zip(states, actions, feedback):
        apart = model.difference(at.unflatten(0, (tries, num)), planned)
        change = alpha * now.offset + (now.gain @ apart[..., None])[..., 0]
        act = (action + change).clamp(model.low, model.high).flatten(0, 1)
        after, cost, ended = model.step(at, act)
        if over is not None:
            after, cost = torch.where(over[:, None], at, after), cost.masked_fill(over, 0.0)
        if ended is not None:
            over = ended if over is None else over | ended
        at = after
        path.append(at)
        done.append(act)
        paid.append(cost)
    total = torch.stack(paid).sum(0).unflatten(0, (tries, num))
    best = total.nan_to_num(nan=torch.inf).argmin(0)
    rows = best * num + torch.arange(num, device=best.device)
    return torch.stack(path)[:, rows], torch.stack(done)[:, rows], total.flatten()[rows]
