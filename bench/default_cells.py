"""The trainings that ``defaults.py`` compares: what is tried on what, how one is measured, and what is kept of it."""

import hashlib
import inspect
import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from typing import Any

import torch
from stable_baselines3 import DQN, PPO, SAC, TD3

from episodes import returns_of
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.pictures.numbers import number
from palestra.runs.atomic import write_json
from palestra.runs.provenance import processor
from palestra.trials.plan import Plan, adhoc_recipe, resolve
from report import RESULTS, commit

CELLS = RESULTS / "defaults_cells.json"
SIDES = ("ours", "peer")
EPISODES, FIRST_SEED = 20, 10_000
ROUNDS = 5
"""Blocks of each side whose speeds are compared."""


@dataclass(frozen=True)
class Suite:
    """What an algorithm is tried on."""

    peer: Any
    """Stable-Baselines3's class."""
    steps: int
    """Of a training."""
    warm_up: int
    """Steps before the clock of ``--time`` starts: libraries are loaded, and replay has what both learn from."""
    block: int
    """Steps of a block there."""
    envs: tuple[str, ...]


CONTROL = ("Pendulum-v1", "Hopper-v5", "HalfCheetah-v5")
SUITES = {
    "ppo": Suite(
        PPO, 200_000, 4_096, 4_096,
        (
            "CartPole-v1", "Acrobot-v1", "Pendulum-v1", "LunarLander-v3", "LunarLanderContinuous-v3",
            "BipedalWalker-v3", "Reacher-v5", "Swimmer-v5", "Hopper-v5", "Walker2d-v5", "HalfCheetah-v5",
            "InvertedDoublePendulum-v5",
        ),
    ),
    "dqn": Suite(DQN, 100_000, 2_000, 4_000, ("CartPole-v1", "LunarLander-v3")),
    "sac": Suite(SAC, 30_000, 1_500, 400, CONTROL),
    "td3": Suite(TD3, 30_000, 1_500, 400, CONTROL),
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Cell:
    """One training."""

    seed: int
    algorithm: str
    env: str
    side: str

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"{self.algorithm} {self.env} {self.side} {self.seed}"


def our_plan(algorithm: str, env: str, seed: int = 0) -> Plan:
    """What the command line makes of ``--algo`` and ``--env-id``, without evaluations on the way."""
    recipe = adhoc_recipe(algorithm, env, SUITES[algorithm].steps)
    return resolve(recipe, {"training.seed": seed, "training.eval_every": 0})


@cache
def settings(algorithm: str, env: str, side: str) -> dict[str, Any]:
    """All that a side's defaults are."""
    if side == "ours":
        values = our_plan(algorithm, env).to_json()
        return {"num_envs": values["world"]["num_envs"], **values["learner"]["settings"]}
    given = inspect.signature(SUITES[algorithm].peer).parameters.values()
    plain = (int, float, str, type(None))
    return {p.name: p.default for p in given if p.default is not p.empty and isinstance(p.default, plain)}


@cache
def origin(algorithm: str, env: str, side: str) -> dict[str, Any]:
    """What a cell must have been measured with in order to stand: settings, sizes and versions."""
    names = ("palestra" if side == "ours" else "stable-baselines3", "torch", "numpy", "gymnasium", "mujoco", "box2d")
    text = json.dumps(settings(algorithm, env, side), sort_keys=True)
    return {
        "defaults": hashlib.sha256(text.encode()).hexdigest()[:12],
        "budget": SUITES[algorithm].steps,
        "versions": {name: version(name) for name in names},
    }


def stands(measured: dict[str, Any] | None, expected: dict[str, Any]) -> bool:
    """Whether what was measured is still what would be measured."""
    return measured is not None and all(measured.get(name) == value for name, value in expected.items())


def measure(cell: Cell) -> dict[str, Any]:
    """Train and play one cell; the seconds are those of the training."""
    torch.set_num_threads(1)
    suite = SUITES[cell.algorithm]
    start = time.perf_counter()
    if cell.side == "ours":
        plan = our_plan(cell.algorithm, cell.env, cell.seed)
        agent: Any = plan.make_learner()
        steps = Trainer(agent, plan.training).run().steps
        seconds = time.perf_counter() - start
        returns = returns_of(agent.predict, cell.env, EPISODES, FIRST_SEED)
        agent.close()
    else:
        model = suite.peer("MlpPolicy", cell.env, seed=cell.seed, device="cpu").learn(suite.steps)
        steps, seconds = model.num_timesteps, time.perf_counter() - start
        returns = returns_of(lambda obs: model.predict(obs, deterministic=True)[0], cell.env, EPISODES, FIRST_SEED)
    return {
        **origin(cell.algorithm, cell.env, cell.side), "steps": steps, "returns": returns, "seconds": seconds,
        "cpu": processor(), "commit": commit(), "settings": settings(cell.algorithm, cell.env, cell.side),
    }  # fmt: skip


def speeds(algorithm: str, env: str) -> dict[str, list[float]]:
    """Steps a second of either side, in blocks that take turns."""
    suite = SUITES[algorithm]
    agent: Any = our_plan(algorithm, env).make_learner()
    model = suite.peer("MlpPolicy", env, seed=0, device="cpu")

    def ours(steps: int) -> float:
        before, start = agent.clock, time.perf_counter()
        Trainer(agent, TrainSettings(budget=before + steps)).run()
        return float((agent.clock - before) / (time.perf_counter() - start))

    def peer(steps: int) -> float:
        before, start = model.num_timesteps, time.perf_counter()
        model.learn(steps, reset_num_timesteps=False)
        return float((model.num_timesteps - before) / (time.perf_counter() - start))

    ours(suite.warm_up), peer(suite.warm_up)
    blocks = [(ours(suite.block), peer(suite.block)) for _ in range(ROUNDS)]
    agent.close()
    return {"ours": [block[0] for block in blocks], "peer": [block[1] for block in blocks]}


def load() -> dict[str, dict[str, Any]]:
    """What was measured so far: ``cells`` and ``speeds``."""
    found: dict[str, dict[str, Any]] = json.loads(CELLS.read_text()) if CELLS.exists() else {}
    return {"cells": {}, "speeds": {}, **found}


def keep(kept: dict[str, dict[str, Any]], kind: str, name: str, found: dict[str, Any]) -> None:
    """Write what was found at once, beside what another process may have written meanwhile."""
    for each, there in load().items():
        kept[each] = {**kept[each], **there}
    kept[kind][name] = found
    write_json(CELLS, kept)


def standing(kept: dict[str, Any], cell: Cell) -> dict[str, Any] | None:
    """What was measured of a cell, if it stands."""
    measured: dict[str, Any] | None = kept["cells"].get(cell.name)
    return measured if stands(measured, origin(cell.algorithm, cell.env, cell.side)) else None


def both_origins(algorithm: str, env: str) -> dict[str, Any]:
    """What a comparison of speeds must have been measured with."""
    return {side: origin(algorithm, env, side) for side in SIDES}


def ratio(kept: dict[str, Any], algorithm: str, env: str) -> float | None:
    """How many times as fast ours is, the median over blocks; None where that was not measured."""
    measured = kept["speeds"].get(f"{algorithm} {env}")
    if not stands(measured, {"origins": both_origins(algorithm, env)}):
        return None
    return statistics.median(a / b for a, b in zip(measured["ours"], measured["peer"]))


def learn(cells: Sequence[Cell], kept: dict[str, Any], jobs: int) -> None:
    """Measure cells, and keep each as soon as it is there."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(measure, cell): cell for cell in cells}
        try:
            for future in as_completed(waiting):
                cell, result = waiting[future], future.result()
                # Beside other trainings a training takes longer: such seconds say nothing.
                keep(kept, "cells", cell.name, {**result, "timed": jobs == 1})
                print(f"{cell.name}: {number(statistics.mean(result['returns']))}", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
