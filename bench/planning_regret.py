"""Why do planners fall short of the pendulum's optimum, though they have its equations? Sight, search, or both.

Two things can be wrong with a plan: it is too short to see what pays, or better ones of its length were not found. The
pendulum tells them apart, since the best plan of any length is known there: backward induction over so many steps. Who
does the first action of that in each step has the price of his sight alone; what a planner loses beyond it is the price
of its search. And with what comes after the plan added to its cost, as the same table says it, no sight is too short.

Everything is played from the same starts, so that luck is the same for all. The verified records are of other starts,
few enough that luck counts there: they are set beside the optimum from their own.
"""

import argparse
from typing import Any

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.arena import luck_of
from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.learners.registry import learner_type
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve
from palestra.trials.records import read_record
from pendulum_optimum import STEPS, Table, step
from report import publish

MANY = {"samples": 128, "iterations": 4, "elites": 12}
TRIED: tuple[tuple[str, dict[str, Any], bool], ...] = (
    ("ilqr", {}, False),
    ("cem", {}, False),
    ("mppi", {}, False),
    ("predictive-sampling", {}, False),
    ("cem", {"horizon": 20}, False),
    ("cem", {"horizon": 40}, False),
    ("mppi", {"horizon": 20}, False),
    ("mppi", {"horizon": 60}, False),
    ("predictive-sampling", {"horizon": 20}, False),
    ("cem", {"horizon": 40, **MANY}, False),
    ("ilqr", {"samples": 64}, False),
    ("cem", {"horizon": 10}, True),
    ("cem", {"horizon": 20}, True),
    ("mppi", {"horizon": 20}, True),
    ("predictive-sampling", {"horizon": 20}, True),
)
"""Planner, what differs from its recipe, and whether what comes after the plan is added."""


class Farsighted(Model):
    """The pendulum, of whose plans what comes after them is known."""

    table: Table
    value: Tensor

    def total(self, state: Tensor, actions: Tensor, generator: torch.Generator) -> Tensor:
        """(B,) the cost of plans, and of the best that can be done after them."""
        path = self.follow(state, actions)
        corner, weight = self.table.between(*path.states[-1].double().unbind(1))
        after = (self.value.take(corner) * weight).sum(0)
        return path.total - after.to(state.dtype)


class Bench:
    """Starts, and the best that can be done from each."""

    def __init__(self, points: int, actions: int, starts: int):
        draw = torch.Generator().manual_seed(0)
        self.start = torch.rand(starts, 2, generator=draw) * 2 - 1
        self.start[:, 0] *= torch.pi
        torch.set_default_dtype(torch.float64)  # of the tables alone
        self.table = Table(points, actions)
        self.values = [torch.zeros(points, points)]
        for _ in range(STEPS - 1):
            self.values.append(self.table.backed_up(self.values[-1], 1.0))
        self.best = self.perfect(STEPS, self.start)
        torch.set_default_dtype(torch.float32)

    def perfect(self, horizon: int, start: Tensor) -> Tensor:
        """Returns (E,) of the best plans of so many steps, the first action of each, or fewer where fewer are left."""
        theta, speed = start.double().unbind(1)
        total = torch.zeros_like(theta)
        for t in range(STEPS):
            value = self.values[min(horizon, STEPS - t) - 1]
            theta, speed, reward = step(theta, speed, self.table.best(value, 1.0, theta, speed))
            total += reward
        return total

    def planned(self, name: str, settings: dict[str, Any], farsighted: bool) -> Tensor:
        """Returns (E,) of a planner, by its own first actions."""
        state = self.start.clone()
        env = make_vec("Pendulum-v1", len(state))
        model = Model(env)
        if farsighted:
            model = Farsighted(env)
            model.table, model.value = self.table, self.values[STEPS // 2]
        kind = learner_type(name).kind
        planner = kind(env, kind.config_type(**settings), seed=0, model=model)
        planner.reset(len(state), seed=0)
        total, never = torch.zeros(len(state), dtype=torch.float64), torch.zeros(len(state), dtype=torch.bool)
        with torch.inference_mode():
            for _ in range(STEPS):
                action = planner.act(env.dynamics.observe(state))
                state, reward, _ = env.dynamics.transition(state, action)
                planner.told(action, reward, never)
                total += reward
        return total

    def row(self, what: str, horizon: int, returns: Tensor) -> dict[str, Any]:
        """What it came to, beside the optimum from the same starts."""
        regret = self.best - returns
        return {
            "what": what, "steps ahead": horizon, "return": float(returns.mean()), "regret": float(regret.mean()),
            "standard error": float(regret.std()) / len(regret) ** 0.5, "median regret": float(regret.median()),
            "share that loses more than 20": float((regret > 20).double().mean()),
        }  # fmt: skip

    def parted(self, name: str) -> str:
        """Of what a verified planner lost, how much was luck, sight and search."""
        recipe = get_recipe(f"pendulum/{name}")
        record = read_record(recipe)
        if record is None or recipe.optimum is None:
            return f"`{recipe.id}` is not verified."
        starts = torch.cat([judged_starts(recipe.id, seed) for seed in range(len(record.values))])
        horizon = recipe.settings["horizon"]
        best, seen = (float(self.perfect(ahead, starts).mean()) for ahead in (STEPS, horizon))
        found = sum(record.values) / len(record.values)
        said = f"{len(record.values)} seeds of {record.facts['episodes']} episodes: {found:.1f}"
        return (
            f"`{recipe.id}`, {said}, which is {recipe.optimum - found:.1f} short of {recipe.optimum:.0f}. Luck is"
            f" {recipe.optimum - best:.1f} of it: the optimum from these starts is {best:.1f}. A sight of {horizon}"
            f" steps is {best - seen:.1f}, search the rest, {seen - found:.1f}."
        )


def judged_starts(recipe_id: str, seed: int) -> Tensor:
    """(E, 2) the angles and speeds at which the episodes begin on which ``palestra verify`` judges a seed."""
    plan = resolve(get_recipe(recipe_id))
    claim = get_recipe(recipe_id).claim
    assert claim is not None
    judging = seeding.derive(seeding.derive(seed, "claim"), "evaluate")
    env = plan.world.make(num_envs=claim.count, reference=True)
    try:
        obs = env.reset(luck_of(plan.world.final(episodes=claim.count, seed=judging), 0))
    finally:
        env.close()
    return torch.stack((torch.atan2(obs[:, 1], obs[:, 0]), obs[:, 2]), 1)


def main() -> None:
    """The best plans of some lengths, and planners beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=241)
    parser.add_argument("--actions", type=int, default=41)
    parser.add_argument("--starts", type=int, default=400)
    parser.add_argument("--horizons", type=int, nargs="+", default=[10, 15, 20, 25, 30, 35, 40, 50, 60])
    args, _ = parser.parse_known_args()
    bench = Bench(args.points, args.actions, args.starts)
    rows = []
    torch.set_default_dtype(torch.float64)
    for horizon in args.horizons:
        rows.append(bench.row("the best plan of its length", horizon, bench.perfect(horizon, bench.start)))
        print(rows[-1], flush=True)
    torch.set_default_dtype(torch.float32)
    for name, other, farsighted in TRIED:
        settings = {**get_recipe(f"pendulum/{name}").settings, **other}
        said = ", ".join(f"{key} {value}" for key, value in other.items() if key != "horizon")
        what = f"`{name}`" + (f", {said}" if said else "") + (", what comes after it added" if farsighted else "")
        rows.append(bench.row(what, settings["horizon"], bench.planned(name, settings, farsighted)))
        print(rows[-1], flush=True)
    torch.set_default_dtype(torch.float64)
    parted = [bench.parted(name) for name in ("ilqr", "cem", "mppi", "predictive-sampling")]
    torch.set_default_dtype(torch.float32)
    alone, there = len(args.horizons), len(rows)
    least = min(range(alone, there), key=lambda i: rows[i]["regret"])
    publish(
        "planning_regret",
        "The pendulum: what planners lose by a short sight, and what by not finding the best of what they see",
        {"ours": rows[least]["return"], "peer": float(bench.best.mean()), "ratio": 1.0, "unit": "", "seeds": [0]},
        rows,
        [
            f"{args.starts} starts, the same for all; the optimum from them is {float(bench.best.mean()):.1f}. Best"
            " plans by backward induction on a grid; what comes after a plan is the optimum over"
            f" {STEPS // 2} more steps.",
            "What a swing costs comes at once, what it gains perhaps after the plan's end: who cannot see so far"
            " swings once too often, or not at all.",
            *parted,
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
