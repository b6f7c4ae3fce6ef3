"""How much has to be shown? Success against the number of demonstrations, for each way to imitate, on three tasks.

Around a disc that is passed on both sides, around it on one side with a rest on the way, and the arm's reach by its
state. Each training sees demonstrations of its own and does as many gradient steps whatever their number; what it comes
to is the share of episodes that succeed. DAgger has as many steps to ask the expert about as the demonstrations have.
The arm is measured in its batched twin. Milliseconds are of one action for one observation.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from palestra.datasets.episodes import Episodes, write_episodes
from palestra.datasets.shown_by_experts import ARM_REACH, STATE, TWO_WAYS, arm_reach, one_way_with_a_pause, two_ways
from palestra.engine.agent import Agent
from palestra.engine.device import denormals_as_zero
from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.ops.evidence import bootstrap_interval
from report import publish

EPISODES = 200
"""Of a measurement."""
BY_REWARD = Path(__file__).parent.parent / "records" / "arm-reach-state--td3.json"


@dataclass(frozen=True)
class Task:
    """Where something is shown, and what a return says of success."""

    world: World
    shown: Callable[[int, int], Episodes]
    """From a number of demonstrations and a seed to demonstrations."""
    success: Callable[[float], float] = float
    """From a mean return to a rate of success."""
    asked: bool = True
    """Whether the world's expert is who was shown, so that asking it is the same lesson."""


@dataclass(frozen=True)
class Method:
    """A learner and its settings."""

    learner: str
    settings: Mapping[str, Any] = field(default_factory=dict)


TASKS = {
    "around a disc": Task(World(TWO_WAYS, 1), lambda count, seed: two_ways(count // 2, seed)),
    "with a rest": Task(World(TWO_WAYS, 1), one_way_with_a_pause, asked=False),
    "arm reach": Task(World(ARM_REACH, 1, kwargs=dict(STATE)), arm_reach, lambda score: (score + 0.1) / 1.1),
}
FAST = {"batch_size": 128, "learning_rate": 4e-3}
METHODS = {
    "clone": Method("behaviour-cloning", FAST),
    "mixture of 5": Method("behaviour-cloning", {**FAST, "components": 5}),
    "single actions": Method("action-chunks", {**FAST, "horizon": 1}),
    "chunks of 10": Method("action-chunks", {**FAST, "horizon": 10}),
    "diffusion": Method("diffusion-policy", FAST),
    "DAgger": Method("dagger", {"batch_size": 128, "learning_rate": 4e-3, "num_steps": 1}),
}


def taught(task: Task, method: Method, count: int, seed: int, updates: int, folder: Path) -> tuple[Agent, int]:
    """A learner that has demonstrations to learn from, or somebody to ask, and its budget."""
    shown, kind = task.shown(count, seed), learner_type(method.learner)
    rows, settings = len(shown.rewards), dict(method.settings)
    if method.learner == "dagger":
        settings["gradient_steps"] = max(1, round(updates / rows))
        settings["buffer_size"] = rows
        budget = rows
    else:
        path = folder / "shown.npz"
        write_episodes(path, shown)
        settings["data"] = str(path)
        budget = rows * max(1, round(updates / -(-rows // settings["batch_size"])))
    agent = kind(task.world, kind.config_type(**settings), seed=seed)
    assert isinstance(agent, Agent)
    return agent, budget


def came_to(task: Task, method: Method, count: int, seed: int, updates: int, folder: Path) -> tuple[float, float]:
    """The rate of success after a training, and milliseconds of an action."""
    agent, budget = taught(task, method, count, seed, updates, folder)
    with denormals_as_zero():
        agent.learn(budget)
        score = agent.evaluate(episodes=EPISODES, seed=10_000 + seed).score
        obs = task.shown(2, seed).observations[0]
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
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table, rates, times = [], dict[tuple[str, int, str], list[float]](), dict[str, list[float]]()
    with tempfile.TemporaryDirectory() as folder:
        for task_name in args.tasks:
            task = TASKS[task_name]
            for count in args.counts:
                row: dict[str, Any] = {"task": task_name, "demonstrations": count}
                for name, method in METHODS.items():
                    if method.learner == "dagger" and not task.asked:
                        row[name] = "-"
                        continue
                    found = [came_to(task, method, count, s, args.updates, Path(folder)) for s in range(args.seeds)]
                    values = rates[task_name, count, name] = [rate for rate, _ in found]
                    times.setdefault(name, []).extend(each for _, each in found)
                    low, high = map(float, bootstrap_interval(lambda x: x.mean(-1), values))
                    row[name] = f"{np.mean(values):.1%} [{low:.1%}, {high:.1%}]"
                print(row, flush=True)
                table.append(row)
    first, most = args.tasks[0], max(args.counts)
    ours, peer = (float(np.mean(rates[first, most, name])) for name in ("diffusion", "clone"))
    reward = json.loads(BY_REWARD.read_text())
    publish(
        "imitation",
        "Success against the number of demonstrations",
        {
            "ours": ours, "peer": peer, "ratio": ours / max(peer, 1 / EPISODES / args.seeds),
            "unit": f"success of the diffusion policy and of the clone {first}, {most} demonstrations",
            "seeds": list(range(args.seeds)),
            "success": [{"task": t, "demonstrations": c, "method": m, "by seed": v} for (t, c, m), v in rates.items()],
        },
        table,
        [
            f"Mean over {args.seeds} seeds, each with demonstrations of its own and {EPISODES} episodes, and its 95% "
            "interval by the bootstrap over seeds"
            + (": few seeds, so that intervals are too narrow as a rule." if args.seeds < 10 else "."),
            f"{args.updates:,} gradient steps each, of batches of 128 or, of fewer rows, of all, at a learning rate of "
            "0.004; other settings are defaults.",
            "Around a disc each start is shown twice, once on either side: the mean of both is straight into it. With "
            "a rest nobody can be asked: who rests is no function of the state.",
            "Clone and DAgger go down squared errors, single actions and chunks absolute ones.",
            "Milliseconds of one action: "
            + ", ".join(f"{name} {np.median(each):.2f}" for name, each in times.items()) + ".",
            f"By reward and without demonstrations the arm's reach takes TD3 {reward['budget']:,} steps to "
            f"{(np.mean([trial['value'] for trial in reward['trials']]) + 0.1) / 1.1:.1%} "
            f"(`{reward['command']}`, in PyBullet); around the disc nobody has been rewarded yet.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
