"""How far is the pendulum's best from what we find? Its optimum by backward induction, and what discounting costs.

The pendulum has two numbers of state, so that its optimum can be tabled: backward induction over the 200 steps of an
episode, undiscounted, values interpolated between the points of a grid. Agents are not asked for that: they cannot see
the time, and they discount. So the same table is made for them too, of a pendulum that never stops, at the discounts
that are in use, and all of these policies are played on the same starts with the environment's own equations. What is
between the optimum and the discounted optimum is the price of the question; the rest of a gap is the agent's own.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from palestra.recipes.registry import RECIPES
from report import publish

STEPS = 200
SPEED, TORQUE, DT, GRAVITY = 8.0, 2.0, 0.05, 10.0
RECORDS = Path(__file__).parent.parent / "records"


def step(theta: Tensor, speed: Tensor, torque: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gymnasium's Pendulum-v1: the next state and the reward."""
    angle = (theta + torch.pi) % (2 * torch.pi) - torch.pi
    reward = -(angle**2 + 0.1 * speed**2 + 0.001 * torque**2)
    speed = (speed + (1.5 * GRAVITY * theta.sin() + 3.0 * torque) * DT).clamp(-SPEED, SPEED)
    return theta + speed * DT, speed, reward


class Table:
    """Values at the points of a grid: angles all round, speeds from one end to the other."""

    def __init__(self, points: int, actions: int):
        self.angle = torch.arange(points) * (2 * torch.pi / points) - torch.pi
        self.speed = torch.linspace(-SPEED, SPEED, points)
        self.torque = torch.linspace(-TORQUE, TORQUE, actions)
        theta, speed, torque = torch.meshgrid(self.angle, self.speed, self.torque, indexing="ij")
        theta, speed, self.reward = step(theta, speed, torque)
        self.corner, self.weight = self.between(theta, speed)

    def between(self, theta: Tensor, speed: Tensor) -> tuple[Tensor, Tensor]:
        """The four points round each state, (4, ...), and what each counts."""
        points = len(self.angle)
        x = ((theta + torch.pi) / (2 * torch.pi) * points) % points
        y = (speed + SPEED) / (2 * SPEED) * (points - 1)
        column, row = x.floor(), y.floor().clamp(max=points - 2)
        dx, dy = x - column, y - row
        left, right = column.long() % points, (column.long() + 1) % points
        low = row.long()
        west, east = left * points + low, right * points + low
        corner = torch.stack([west, west + 1, east, east + 1])
        return corner, torch.stack([(1 - dx) * (1 - dy), (1 - dx) * dy, dx * (1 - dy), dx * dy])

    def backed_up(self, value: Tensor, gamma: float) -> Tensor:
        """Of every point, by the best torque."""
        following = (value.take(self.corner) * self.weight).sum(0)
        return (self.reward + gamma * following).amax(-1)

    def best(self, value: Tensor, gamma: float, theta: Tensor, speed: Tensor) -> Tensor:
        """The torque that looks best one step ahead."""
        torque = self.torque.expand(len(theta), -1)
        later, faster, reward = step(theta[:, None], speed[:, None], torque)
        corner, weight = self.between(later, faster)
        return self.torque[(reward + gamma * (value.take(corner) * weight).sum(0)).argmax(1)]


def played(torque: Callable[[int, Tensor, Tensor], Tensor], starts: int) -> tuple[float, float]:
    """Mean return over the environment's own starts, and its standard error."""
    draw = torch.Generator().manual_seed(0)
    theta = (torch.rand(starts, generator=draw, dtype=torch.float64) * 2 - 1) * torch.pi
    speed = torch.rand(starts, generator=draw, dtype=torch.float64) * 2 - 1
    total = torch.zeros(starts, dtype=torch.float64)
    for t in range(STEPS):
        theta, speed, reward = step(theta, speed, torque(t, theta, speed))
        total += reward
    return float(total.mean()), float(total.std()) / starts**0.5


def main() -> None:
    """The optimum, the discounted optima, and every recipe of the pendulum beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=241)
    parser.add_argument("--actions", type=int, default=41)
    parser.add_argument("--starts", type=int, default=20_000)
    parser.add_argument("--gammas", type=float, nargs="+", default=[0.9, 0.95, 0.97, 0.98, 0.99])
    args, _ = parser.parse_known_args()
    torch.set_default_dtype(torch.float64)
    table = Table(args.points, args.actions)
    values = [torch.zeros(args.points, args.points)]
    for _ in range(STEPS - 1):
        values.append(table.backed_up(values[-1], 1.0))
    optimum, error = played(lambda t, *state: table.best(values[STEPS - 1 - t], 1.0, *state), args.starts)
    rows: list[dict[str, Any]] = [{"what": "the optimum, which sees the time", "return": optimum, "regret": 0.0}]
    discounted = {}
    for gamma in args.gammas:
        value = torch.zeros(args.points, args.points)
        for _ in range(STEPS, 100_000):
            new = table.backed_up(value, gamma)
            change, value = float((new - value).abs().max()), new
            if change < 1e-4 * (1 - gamma):
                break
        discounted[gamma], _ = played(lambda t, *state, v=value, g=gamma: table.best(v, g, *state), args.starts)
        rows.append(
            {"what": f"best without seeing the time, discount {gamma}", "return": discounted[gamma],
             "regret": optimum - discounted[gamma]}
        )  # fmt: skip
    for recipe in RECIPES.values():
        record = RECORDS / f"{recipe.id.replace('/', '--')}.json"
        if recipe.task != "pendulum" or not record.exists():
            continue
        verdict = json.loads(record.read_text())["verdict"]
        low, high = verdict["iqm_interval"]
        rows.append(
            {"what": f"`{recipe.id}`, {verdict['seeds']} seeds", "return": verdict["iqm"],
             "regret": optimum - verdict["iqm"], "95% interval of the return": f"{low:.1f} to {high:.1f}"}
        )  # fmt: skip
    usual = discounted.get(0.99, max(discounted.values()))
    publish(
        "pendulum_optimum",
        "The pendulum: its optimum, what discounting costs, and the regret of everything that was verified there",
        {"ours": max(row["return"] for row in rows[1 + len(discounted) :]), "peer": optimum, "ratio": 1.0, "unit": "",
         "seeds": [0], "discounted": usual},
        rows,
        [
            f"Backward induction on {args.points} x {args.points} points with {args.actions} torques, played on"
            f" {args.starts:,} starts as the environment draws them: {optimum:.1f}, standard error {error:.1f}.",
            f"Who discounts by 0.99 and cannot see the time comes to {usual:.1f} at best: {optimum - usual:.1f} of the"
            " regret of an agent that learns so is the price of what it was asked for. Recipes of SAC, TD3 and DDPG"
            " discount by 0.95, PPO's by 0.97.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
