"""How many seeds a second: many as one batch on one core, or a process each on two cores?

The first table rows train S seeds without evaluations, in three ways. *Together*: as one batch in this process, on one
core. *One by one*: in this process too, on one core, which leaves out what a process takes to start. *A process each*:
two side by side, on two cores. The last two rates do not depend on S and are measured on a few seeds.

The rows of ``palestra train`` are whole commands with their evaluations, checkpoints, metrics and a run for each seed:
``--together`` on one core, or ``--jobs 2``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.together import learn_together
from palestra.recipes.registry import get_recipe
from report import publish

CORES = 2


@dataclass(frozen=True)
class Task:
    """What is trained."""

    learner: str
    world: World
    budget: int
    settings: dict[str, Any] = field(default_factory=dict)

    def make(self, seed: int) -> Learner:
        """A fresh learner."""
        kind = learner_type(self.learner)
        return kind(self.world, kind.config_type(**self.settings), seed=seed)

    def command(self) -> list[str]:
        """The arguments of ``palestra train`` for the same."""
        words = ["--algo", self.learner, "--env-id", self.world.id, "--num-envs", self.world.num_envs]
        words += ["--budget", self.budget, "--eval-every", self.budget // 5]
        for place, given in (("learner", self.settings), ("world.kwargs", self.world.kwargs)):
            words += [word for name, value in given.items() for word in ("--set", f"{place}.{name}={_text(value)}")]
        return [str(word) for word in words]


def _text(value: Any) -> str:
    """A setting as the command line takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


_CARTPOLE = {name: value for name, value in get_recipe("cartpole/ppo").settings.items() if value is not None}
_SMALL = {"hidden_sizes": (32, 32), "batch_size": 32}
TASKS = {
    "q-learning, gridworld of 10 x 10": Task(
        "q-learning",
        World("palestra/GridWorld-v0", 8, kwargs={"size": 10, "max_episode_steps": 100}),
        20_000,
        {"epsilon_start": 1.0},
    ),
    "ppo, CartPole, the defaults": Task("ppo", World("CartPole-v1", 8), 20_480),
    "ppo, CartPole, the recipe": Task("ppo", World("CartPole-v1", 32), 20_480, _CARTPOLE),
    "dqn, CartPole, the defaults": Task("dqn", World("CartPole-v1", 4), 10_000),
    "dqn, CartPole, two layers of 32": Task("dqn", World("CartPole-v1", 4), 10_000, _SMALL),
}


def together(task: Task, number: int) -> float:
    """Seeds a second as one batch, what it takes to make them included."""
    began = time.perf_counter()
    learn_together([task.make(seed) for seed in range(number)], task.budget)
    return number / (time.perf_counter() - began)


def one_by_one(task: Task, number: int) -> float:
    """Seeds a second, one after the other in this process."""
    began = time.perf_counter()
    for seed in range(number):
        task.make(seed).learn(task.budget)
    return number / (time.perf_counter() - began)


def side_by_side(commands: list[list[str]]) -> float:
    """Seconds that processes take, as many side by side as there are cores; fails with the first that does."""
    began = time.perf_counter()
    waiting, running = list(commands), list[subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < CORES:
            running.append(subprocess.Popen(waiting.pop(0), stdout=subprocess.DEVNULL, env=one_thread()))
        for process in [process for process in running if process.poll() is not None]:
            if process.returncode:
                raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
            running.remove(process)
        time.sleep(0.01)
    return time.perf_counter() - began


def one_thread() -> dict[str, str]:
    """The environment of a process with one thread."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def processes(name: str, number: int) -> float:
    """Seeds a second, a process each."""
    return number / side_by_side([[sys.executable, __file__, "--one", name, str(seed)] for seed in range(number)])


def commands(task: Task, number: int, few: int) -> Iterator[tuple[str, int, float]]:
    """Seeds a second of ``palestra train``, together and a process each."""
    for how, seeds, words in (("--together", number, ["--together"]), (f"--jobs {CORES}", few, ["--jobs", str(CORES)])):
        with tempfile.TemporaryDirectory() as out:
            argv = ["train", *task.command(), "--seeds", str(seeds), *words, "--no-plots", "--quiet", "--out", out]
            yield how, seeds, seeds / side_by_side([[sys.executable, "-m", "palestra", *argv]])


def rows(name: str, numbers: list[int], few: int, commanded: int) -> Iterator[dict[str, Any]]:
    """The lines of one task."""
    task = TASKS[name]
    one_by_one(task, 1)  # what is imported and allocated once
    alone, apart = one_by_one(task, few), processes(name, few)
    for number in numbers:
        rate = together(task, number)
        yield {
            "task": f"{name}, {task.budget:,} steps",
            "seeds": number,
            "together, one core": rate,
            "one by one, one core": alone,
            "a process each, two cores": apart,
            "together / processes": rate / apart,
        }
    if commanded:
        (_, _, rate), (_, _, others) = commands(task, commanded, few)
        yield {
            "task": f"{name}: palestra train",
            "seeds": commanded,
            "together, one core": rate,
            "one by one, one core": "",
            "a process each, two cores": others,
            "together / processes": rate / others,
        }


def main() -> None:
    """Measure, and publish the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 8, 64], help="sizes of a batch")
    parser.add_argument("--few", type=int, default=6, help="seeds for the rates that do not depend on their number")
    parser.add_argument("--commands", type=int, default=64, help="seeds of the whole command; 0 to leave it out")
    parser.add_argument("--only", default="", help="tasks whose names hold this")
    parser.add_argument("--one", nargs=2, metavar=("TASK", "SEED"), help="train one seed, and nothing else")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.one:
        task = TASKS[args.one[0]]
        task.make(int(args.one[1])).learn(task.budget)
        return
    names = [name for name in TASKS if args.only in name]
    table = []
    for name in names:
        for row in rows(name, args.seeds, args.few, args.commands):
            table.append(row)
            print(row, flush=True)
    trained = [row for row in table if "palestra train" not in row["task"]]
    best = max(trained, key=lambda row: row["together / processes"])
    publish(
        "together",
        "Seeds a second: as one batch, or a process each",
        {
            "ours": best["together, one core"],
            "peer": best["a process each, two cores"],
            "ratio": best["together / processes"],
            "unit": "seeds/s",
            "seeds": best["seeds"],
        },
        table,
        [
            "A training of the upper rows is `learner.learn`: it leaves nothing on the disk and is not evaluated.",
            f"One by one and a process each: measured on {args.few} seeds; these rates do not depend on the number."
            " A process imports PyTorch first.",
            *(
                [
                    f"`palestra train`: {args.commands} seeds with `--together`, {args.few} with `--jobs {CORES}`, with"
                    " five evaluations of 100 episodes each, checkpoints, metrics and a run, and measured in the end.",
                ]
                if args.commands
                else []
            ),
        ],
    )


if __name__ == "__main__":
    main()
