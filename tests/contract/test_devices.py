"""Every learner works on another device than the processor, and waits for it as often whatever a step has to do.

No machine needs a GPU for it: ``tests/toys/rehearsal.py`` makes a device that refuses what a GPU refuses and counts
what waits for it (``strict.py`` there sees to that each time), with the processor's numbers, so that what is trained
there is held to what is trained here. Where there is a GPU the same is done on it, with PyTorch's profiler to count.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from palestra.learners.registry import LEARNERS

PROGRAM = Path(__file__).with_name("on_another_device.py")
QUICK = {"ppo": "Box", "dqn": "Discrete", "sac": "Box", "autoencoder": "data"}
"""Tried in every run of the tests, on one kind of task; the slow ones try all on all that they serve."""
TABLES = (
    "sarsa", "expected-sarsa", "q-learning", "double-q-learning", "n-step-sarsa", "tree-backup", "sarsa-lambda",
    "monte-carlo", "dyna-q", "prioritised-sweeping",
)  # fmt: skip
REFUSED = {name for name in LEARNERS if name in TABLES or name.startswith("library-")}
"""These stay with the processor: tables that are written number by number, and estimators of other libraries."""
SPARSE = {"bayesian-factorisation"}
"""Sparse matrices have no place in the rehearsal."""
LUCK = ("thompson", "bandit")
"""Bernoulli arms are played on the processor by a contest, which draws in another order: other luck."""
LOOKS = {
    "recurrent-ppo",  # how long the episodes in a minibatch are
    "trpo",  # whether a step of the line search is good
    "action-chunks", "decision-transformer",  # how much of a window there is before an episode ends
    "two-towers",  # how many of a batch are liked
    "decision-tree", "regression-tree",  # which rows come to a leaf
}  # fmt: skip
"""What these do next depends on what they find, so that they look as often as they have something to do."""
WORLDS = (
    "CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0", "FrozenLake-v1",
    "CliffWalking-v1", "Blackjack-v1", "palestra/GridWorld-v0", "palestra/TMaze-v0", "palestra/ArmReach-v0",
    "palestra/ArmPush-v0", "palestra/ArmPickPlace-v0",
)  # fmt: skip
"""Worlds whose copies are rows of tensors, wherever these are."""
OF_ITS_OWN = ("Discrete", "Box", "data")
"""Kinds of tasks whose worlds are tensors there too; others step on the processor, and every step is fetched."""


@cache
def told(device: str, *names: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, PROGRAM, device, *names], capture_output=True, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def hold(rows: list[dict[str, Any]], names: tuple[str, ...], close: float) -> None:
    """What is asked of every comparison."""
    assert {row["name"] for row in rows} == {*names}
    assert [row for row in rows if row["failed"]] == []
    assert {row["name"] for row in rows if row["refused"]} == REFUSED.intersection(names)
    assert [row for row in rows if row["apart"] > close] == []
    waiting = [row for row in rows if row["kind"] in OF_ITS_OWN and row["name"] not in LOOKS]
    assert [row for row in waiting if row["waits"] != row["of_more"]] == []


def test_what_is_learned_on_another_device_is_what_is_learned_here() -> None:
    hold(told("beside", *map(":".join, QUICK.items())), tuple(QUICK), close=0.0)


@pytest.mark.slow
def test_worlds_of_tensors_never_wait() -> None:
    rows = told("beside", *(f"{world}:world" for world in WORLDS))
    assert [row["name"] for row in rows] == [*WORLDS]
    assert [row for row in rows if row["apart"] or row["waits"]] == []


@pytest.mark.slow
def test_so_it_is_of_all() -> None:
    names = tuple(name for name in LEARNERS if name not in SPARSE)
    rows = told("beside", *names)
    hold([row for row in rows if (row["name"], row["kind"]) != LUCK], names, close=0.0)


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU on this machine")
def test_all_learn_on_a_gpu() -> None:
    names = tuple(LEARNERS)
    hold(told("cuda", *names), names, close=float("inf"))  # its generators have luck of their own
