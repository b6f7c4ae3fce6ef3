"""How much has to be shown? Success against the number of demonstrations, for each way to imitate, on two tasks.

Around a disc, which demonstrations pass on both sides, and the arm's reach by its state. Each training sees
demonstrations of its own and does as many gradient steps whatever their number; what it comes to is the share of
episodes that succeed. The arm is measured in its batched twin. Milliseconds are of one action for one observation.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from palestra.datasets.episodes import Episodes, write_episodes
from palestra.datasets.shown_by_experts import ARM_REACH, STATE, TWO_WAYS, arm_reach, two_ways
from palestra.engine.agent import Agent
from palestra.engine.device import denormals_as_zero
from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.ops.evidence import bootstrap_interval
from report import publish

EPISODES = 200
"""Of a measurement."""


@dataclass(frozen=True)
class Task:
    """Where something is shown, and what a return says of success."""

    world: World
    shown: Callable[[int, int], Episodes]
    """From a number of demonstrations and a seed to demonstrations."""
    success: Callable[[float], float]
    """From a mean return to a rate of success."""


@dataclass(frozen=True)
class Method:
    """A learner and its settings."""

    learner: str
    settings: dict[str, Any] = field(default_factory=dict)


TASKS = {
    "around a disc": Task(World(TWO_WAYS, 1), lambda count, seed: two_ways(count // 2, seed), lambda score: score),
    "arm reach": Task(World(ARM_REACH, 1, kwargs=dict(STATE)), arm_reach, lambda score: (score + 0.1) / 1.1),
}
METHODS = {
    "clone, squared error": Method("behaviour-cloning"),
    "clone, mixture of 5": Method("behaviour-cloning", {"components": 5}),
    "action chunks": Method("action-chunks"),
    "diffusion policy": Method("diffusion-policy", {"batch_size": 64}),
}


def came_to(task: Task, method: Method, count: int, seed: int, updates: int, folder: Path) -> tuple[float, float]:
    """The rate of success after a training, and milliseconds of an action."""
    shown = task.shown(count, seed)
    path = folder / "shown.npz"
    write_episodes(path, shown)
    kind = learner_type(method.learner)
    config = kind.config_type(data=str(path), **method.settings)
    agent = kind(task.world, config, seed=seed)
    assert isinstance(agent, Agent)
    rows = len(shown.rewards)
    epochs = max(1, round(updates / -(-rows // config.batch_size)))
    with denormals_as_zero():
        agent.learn(epochs * rows)
        score = agent.evaluate(episodes=EPISODES, seed=10_000 + seed).score
        obs = shown.observations[0]
        agent.predict(obs)
        begin = time.perf_counter()
        for _ in range(20):
            agent.predict(obs)
        each = (time.perf_counter() - begin) / 20
    agent.close()
    return task.success(score), 1_000 * each


def main() -> None:
    """One training after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=3_000)
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 50, 200])
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table, rates, times = [], dict[tuple[str, int, str], list[float]](), dict[str, list[float]]()
    with tempfile.TemporaryDirectory() as folder:
        for task_name, task in TASKS.items():
            for count in args.counts:
                row: dict[str, Any] = {"task": task_name, "demonstrations": count}
                for name, method in METHODS.items():
                    found = [came_to(task, method, count, s, args.updates, Path(folder)) for s in range(args.seeds)]
                    values = rates[task_name, count, name] = [rate for rate, _ in found]
                    times.setdefault(name, []).extend(each for _, each in found)
                    low, high = map(float, bootstrap_interval(lambda x: x.mean(-1), values))
                    row[name] = f"{np.mean(values):.1%} [{low:.1%}, {high:.1%}]"
                print(row, flush=True)
                table.append(row)
    most = max(args.counts)
    disc = {name: float(np.mean(rates["around a disc", most, name])) for name in METHODS}
    publish(
        "imitation",
        "Success against the number of demonstrations",
        {
            "ours": disc["diffusion policy"], "peer": disc["clone, squared error"],
            "ratio": disc["diffusion policy"] / max(disc["clone, squared error"], 1 / EPISODES / args.seeds),
            "unit": f"success around a disc with {most} demonstrations", "seeds": list(range(args.seeds)),
            "success": [{"task": t, "demonstrations": c, "method": m, "by seed": v} for (t, c, m), v in rates.items()],
        },
        table,
        [
            f"Mean over {args.seeds} seeds, each with demonstrations of its own and {EPISODES} episodes, and its 95% "
            "interval by the bootstrap over seeds"
            + (": few seeds, so that intervals are too narrow as a rule." if args.seeds < 5 else "."),
            f"{args.updates:,} gradient steps each, of batches of 64 or, of fewer rows, of all; settings are defaults.",
            "Around a disc each start is shown twice, once on either side: the mean of both is straight into it.",
            "Milliseconds of one action: "
            + ", ".join(f"{name} {np.median(each):.2f}" for name, each in times.items()) + ".",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
