"""Pools and sweeps under kills: workers killed and frozen, and the sweep itself killed with its workers at work.

A harm costs what was learned since the last checkpoint, and nothing else: every run is bit for bit the one that nobody
harmed, no row stands twice, and no trial is lost or trained again.
"""

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import started, wait_for
from fake_pool import FakePool
from run_comparison import differences

from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.store import Run, run_ids
from palestra.trials.pool import LocalPool
from palestra.trials.sweep.request import RUNS
from palestra.trials.sweep.sweep import Sweep, sweep
from palestra.trials.trial import Trial, attempt, runs_of


class Kind(NamedTuple):
    """What is trained."""

    recipe: str
    step: int
    """What the clock moves in a step, after each of which a checkpoint is made."""
    steps: int
    """Of a trial of a sweep, and for each harm that a worker comes to."""


PPO, BLOBS = Kind("cartpole/ppo", 1_024, 6), Kind("blobs/mlp", 50, 120)
HARMS = (signal.SIGKILL, signal.SIGSTOP)
RATES = "learning_rate=log(1e-4,1e-2)"


def settings(kind: Kind, steps: int) -> dict[str, Any]:
    budget = kind.step * steps
    return {"training.budget": budget, "training.eval_every": budget // 3, "training.checkpoint_every": 0.0}


def newest(folder: Path, trial: Trial) -> int:
    """Step of the newest checkpoint of a trial; -1 before there is one."""
    runs = runs_of(folder, trial.plan())
    return max((step for run in runs for step in checkpoints.steps(run.checkpoints)), default=-1)


def harmed(kind: Kind, folder: Path, harms: int, seed: int) -> None:
    """Train a trial in a pool whose workers are killed and frozen by turns; then hold it against one that was not."""
    rng = random.Random(seed)
    trial = Trial(RECIPES[kind.recipe], seed, settings(kind, kind.steps * (harms + 1) // 2))
    whole = attempt(trial, folder / "whole")
    done, at, begun = 0, -1, set[int]()
    ended: list[Any] = []
    deadline = time.monotonic() + 60 * (harms + 1)
    with LocalPool(1, silence=2.5) as pool:
        pool.submit(trial, folder / "harmed")
        while not ended:
            assert time.monotonic() < deadline, f"{done} harms, at {at}"
            ended = pool.poll()
            pids = [child.pid for _, child in pool._running]
            reached = newest(folder / "harmed", trial)
            if done < harms and pids and pids[0] not in begun and reached > at:
                time.sleep(rng.uniform(0.0, 0.03))
                os.kill(pids[0], HARMS[done % 2])
                begun.add(pids[0])
                time.sleep(0.05)  # what it had begun to publish is there, or never will be
                done, at = done + 1, newest(folder / "harmed", trial)
            time.sleep(0.005)
    ((_, result),) = ended
    assert done == harms
    assert result.error is None
    assert (result.value, result.steps, result.exact) == (whole.value, whole.steps, True)
    run = Run.open(str(result.run), folder)
    assert len(run.manifest["resumes"]) == harms
    assert all(resume["notes"] == [] for resume in run.manifest["resumes"])
    assert differences(Path(str(whole.run)), run.path) == []
    assert run_ids(folder / "harmed") == [run.id]


def killed(kind: Kind, folder: Path, kills: int, seed: int) -> None:
    """Kill a sweep so many times, every second time with a frozen worker; then let it end, and compare it."""
    rng = random.Random(seed)
    out = folder / "killed"
    options = ["--trials", "3", "--confirm", "0", "--seed", str(seed), "--jobs", "2", "--out", str(out), "--quiet"]
    words = settings(kind, kind.steps)
    options += ["--budget", str(words["training.budget"]), "--eval-every", str(words["training.eval_every"])]
    options += ["--checkpoint-every", "0", "--set", RATES]
    whole = sweep(
        kind.recipe, dict([RATES.split("=")]), trials=3, confirm=0, first=seed, overrides=words,
        out=folder / "whole", pool=FakePool(),
    )  # fmt: skip
    for kill in range(kills):
        before = checkpoint_count(out)
        with started(["sweep", kind.recipe, *options]) as process:
            wait_for(out, "runs/*/metrics.db", process)
            while checkpoint_count(out) <= before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.2))
            workers = children(process.pid)
            if kill % 2 == 0 and workers:
                os.kill(workers[0], signal.SIGSTOP)
            process.kill()
            process.communicate(timeout=60)
        for worker in workers:  # one that was frozen while it imported had not asked yet to be woken
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)
    found = sweep(resume=out, pool=FakePool())
    assert_same(whole, found, trials=3)


def checkpoint_count(out: Path) -> int:
    """How many checkpoints there have ever been, as far as their steps tell."""
    return sum(max(checkpoints.steps(path), default=0) for path in out.glob("runs/*/checkpoints"))


def children(pid: int) -> list[int]:
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in said.split()]


def assert_same(whole: Sweep, found: Sweep, trials: int) -> None:
    """No trial is lost, repeated or another; its run is bit for bit the one that was never killed."""
    assert len(found.trials) == len(run_ids(Path(found.path) / RUNS)) == trials
    for one, other in zip(whole.trials, found.trials, strict=True):
        assert (one.settings, one.score, one.steps, other.exact) == (other.settings, other.score, other.steps, True)
        assert differences(Path(str(one.path)), Path(str(other.path))) == []
    assert whole.best is not None
    assert found.best is not None
    assert whole.best.number == found.best.number


@pytest.mark.slow
def test_a_worker_that_is_killed_or_frozen_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    harmed(BLOBS, tmp_path, harms=2, seed=1)


def test_a_sweep_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    killed(BLOBS, tmp_path, kills=1, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_fifty_workers_killed_and_frozen(part: int, tmp_path: Path) -> None:
    harmed(PPO, tmp_path, harms=10, seed=10 + part)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(25))
def test_fifty_kills_of_a_sweep(part: int, tmp_path: Path) -> None:
    killed(PPO, tmp_path, kills=2, seed=100 * part)
