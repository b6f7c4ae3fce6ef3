"""Pools on other machines under kills, freezes and cuts; and with a real Ray and a real Slurm, begun by the tests.

A harm costs what was learned since the last copy, and nothing else: every run is bit for bit the one that nobody
harmed, no row stands twice, and who comes back from the dead is not heard.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from near_pool import NearPool
from ray_cluster import SEEDS, trial
from run_comparison import differences
from slurm import PARTITION, missing, slurm

from palestra.recipes.registry import RECIPES
from palestra.runs.lease import claims
from palestra.runs.shipping import newest_step
from palestra.runs.store import Run, run_ids
from palestra.trials.cluster.on_slurm import SlurmPool
from palestra.trials.cluster.pool import ClusterPool, Job
from palestra.trials.cluster.worker import LOST
from palestra.trials.trial import Result, Trial, attempt

HARMS = ("kill", "freeze", "cut")
EXPIRY = 1.0
STEPS = 100
"""Of a trial for each harm that its workers come to, with a checkpoint after each."""


@dataclass
class Harmed:
    """A trial whose workers are harmed."""

    how: str
    trial: Trial
    job: Job
    done: int = 0
    harmed: str = ""
    """The process that was harmed last."""
    away: bool = False
    """Whether that is frozen or cut off still."""
    floors: list[int] = field(default_factory=list)
    """Step of the newest copy after each harm: behind that nobody may fall."""


def harm(pool: NearPool, each: Harmed) -> None:
    """Harm the process that has the lease."""
    each.harmed = each.job.handle
    if each.how == "cut":
        pool.link(each.harmed).unlink()
    else:
        pool.signal(each.harmed, signal.SIGKILL if each.how == "kill" else signal.SIGSTOP)
    time.sleep(0.05)  # what it had begun to show is there, or never will be
    each.floors.append(newest_step(each.job.depot, each.job.root))
    each.done += 1
    each.away = each.how != "kill"


def come_back(pool: NearPool, each: Harmed) -> None:
    """Wake who was frozen, and reconnect who was cut off: another one has the lease."""
    if each.how == "cut":
        pool.link(each.harmed).symlink_to(each.job.depot.url)
    pool.signal(each.harmed, signal.SIGCONT)
    each.away = False


def harmed(folder: Path, harms: int, seed: int) -> None:
    """Train a trial for each kind of harm, side by side; then hold each against one that was not harmed."""
    rng = random.Random(seed)
    budget = 50 * STEPS * (harms + 1)
    settings = {"training.budget": budget, "training.eval_every": budget // 2, "training.checkpoint_every": 0.0}
    trials = [Trial(RECIPES["blobs/mlp"], seed + i, settings) for i in range(len(HARMS))]
    whole = [attempt(each, folder / "whole") for each in trials]
    ended: dict[int, Result] = {}
    deadline = time.monotonic() + 40 * (harms + 2)
    with NearPool(len(HARMS), folder / "links", depot=str(folder / "depot"), expiry=EXPIRY, look=0.05) as pool:
        for each in trials:
            pool.submit(each, folder / "harmed")
        under = [Harmed(how, job.trial, job) for how, job in zip(HARMS, pool._shelf.waiting, strict=True)]
        while len(ended) < len(trials):
            assert time.monotonic() < deadline, [(each.how, each.done, each.job.deaths) for each in under]
            ended |= {one.seed: result for one, result in pool.poll()}
            for each in under:
                if each.trial.seed in ended or not each.job.handle:
                    continue
                holder = claims(each.job.depot, each.job.root)[-1:]
                fresh = bool(holder) and holder[0].note == each.job.handle != each.harmed
                reached = newest_step(each.job.depot, each.job.root)
                if fresh and each.away:
                    come_back(pool, each)
                if each.done < harms and fresh and reached > max(each.floors, default=-1):
                    time.sleep(rng.uniform(0.0, 0.05))
                    harm(pool, each)
            time.sleep(0.01)
        for each in under:
            if each.away:
                come_back(pool, each)
        for handle, process in pool.processes.items():
            process.join(30)
            assert process.exitcode in (0, LOST, -signal.SIGKILL, -signal.SIGTERM), (
                pool.links / f"{handle}.log"
            ).read_text()
    for each, one in zip(under, whole, strict=True):
        result = ended[each.trial.seed]
        assert each.done == harms, each.how
        assert result.error is None
        assert (result.value, result.steps, result.exact) == (one.value, one.steps, True)
        run = Run.open(str(result.run), folder)
        resumes = run.manifest["resumes"]
        assert len(resumes) >= harms
        assert all(resume["notes"] == [] for resume in resumes)
        begun = [resume["step"] for resume in resumes]
        assert all(any(step >= floor for step in begun) for floor in each.floors)
        assert differences(Path(str(one.run)), run.path) == []
    assert len(run_ids(folder / "harmed")) == len(trials)


def test_workers_that_are_killed_frozen_and_cut_off_cost_what_was_not_sent(tmp_path: Path) -> None:
    harmed(tmp_path, harms=1, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_fifty_of_each_harm(part: int, tmp_path: Path) -> None:
    harmed(tmp_path, harms=10, seed=10 * (part + 1))


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="pool-", dir="/tmp") as folder:
        yield Path(folder)


def assert_whole(results: list[dict[str, Any]], folder: Path) -> None:
    """Each came to what it comes to in this process."""
    assert sorted(result["seed"] for result in results) == list(range(SEEDS))
    for result in results:
        assert result["error"] is None
        one = attempt(trial(result["seed"]), folder / "whole")
        assert (result["value"], result["exact"]) == (one.value, True)
        assert differences(Path(str(one.run)), Path(result["run"])) == []


def has_ended(mark: str) -> bool:
    """Whether no process names a folder on its command line any more."""
    said = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
    return not any(mark in line for line in said.splitlines())


def within(seconds: float, there: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := there()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_a_ray_cluster_of_two_nodes_loses_one_and_no_trial(short: Path) -> None:
    program = [sys.executable, str(Path(__file__).with_name("ray_cluster.py")), str(short)]
    done = subprocess.run(
        program, capture_output=True, text=True, timeout=270, check=False, env={**os.environ, "HOME": str(short)}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    facts = json.loads(done.stdout.splitlines()[-1])
    assert (facts["nodes"], facts["lost"], facts["traces"]) == (2, True, [])
    assert sum(facts["launches"]) > SEEDS  # one was begun again
    assert_whole(facts["results"], short)
    assert within(30, lambda: has_ended(str(short / "ray")))


def sweep_command(*words: str) -> list[str]:
    """A sweep of two short trials."""
    command = [sys.executable, "-m", "palestra", "sweep", "blobs/mlp", "--set", "learning_rate=0.01,0.1"]
    return [*command, "--method", "grid", "--confirm", "0", "--budget", "500", "--json", *words]


@pytest.mark.slow
def test_a_sweep_begins_a_ray_of_its_own(short: Path) -> None:
    environment = {**os.environ, "HOME": str(short), "RAY_TMPDIR": str(short / "ray")}
    (short / "ray").mkdir()
    command = sweep_command("--pool", "ray", "--out", str(short / "sweep"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=270, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    trials = json.loads(done.stdout.splitlines()[-1])["trials"]
    assert [each["error"] for each in trials] == [None, None]
    assert (short / ".ray" / "auth_token").exists()  # nobody else gets in
    assert within(30, lambda: has_ended(str(short / "ray")))


needs_slurm = pytest.mark.skipif(bool(missing()), reason=f"needs Slurm: {', '.join(missing())} not installed")


@pytest.mark.slow
@needs_slurm
def test_slurm_begins_again_what_was_requeued_killed_or_frozen(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with slurm(short / "slurm") as environment:
        for name in ("PATH", "SLURM_CONF"):
            monkeypatch.setenv(name, environment[name])
        seeds = range(3)
        trials = [Trial(each.recipe, seed, {**each.overrides, "training.budget": 12_000})
                  for seed in seeds for each in [trial(seed)]]  # fmt: skip
        with SlurmPool(3, partition=PARTITION, depot=str(short / "depot"), expiry=4.0, look=0.5) as pool:
            for each in trials:
                pool.submit(each, short / "runs")
            jobs, ended = list(pool._shelf.waiting), []
            unharmed = set(seeds)
            deadline = time.monotonic() + 240
            while len(ended) < len(trials):
                assert time.monotonic() < deadline, _state(pool, jobs)
                ended += pool.poll()
                for job in jobs:
                    if job.trial.seed in unharmed and newest_step(job.depot, job.root) > 0:
                        unharmed.discard(job.trial.seed)
                        _harm_element(job)
                time.sleep(0.05)
        assert unharmed == set()
        numbers = {job.handle.partition("_")[0] for job in jobs}
        assert len(numbers) > 1  # one array, and what was submitted again
    for each, result in ended:
        assert result.error is None
        one = attempt(each, short / "whole")
        assert (result.value, result.exact) == (one.value, True)
        assert differences(Path(str(one.run)), Path(str(result.run))) == []
        assert len(Run.open(str(result.run), short).manifest["resumes"]) >= 1


def _harm_element(job: Job) -> None:
    claim = claims(job.depot, job.root)[-1]
    if job.trial.seed == 0:
        subprocess.run(["scontrol", "requeue", job.handle], check=True)
    else:
        os.kill(claim.pid, signal.SIGKILL if job.trial.seed == 1 else signal.SIGSTOP)


def _state(pool: ClusterPool, jobs: list[Job]) -> str:
    queue = subprocess.run(["squeue", "--array"], capture_output=True, text=True, check=False).stdout
    return f"{[(job.handle, job.deaths, newest_step(job.depot, job.root)) for job in jobs]}\n{queue}"


@pytest.mark.slow
@needs_slurm
def test_a_sweep_is_trained_by_slurm(short: Path) -> None:
    with slurm(short / "slurm") as environment:
        command = sweep_command("--pool", f"slurm:{PARTITION}", "--out", str(short / "sweep"))
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        trials = json.loads(done.stdout.splitlines()[-1])["trials"]
        assert [each["error"] for each in trials] == [None, None]
        refused = sweep_command("--pool", "slurm:nowhere", "--out", str(short / "other"))
        done = subprocess.run(refused, env=environment, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 1
        assert "sbatch failed: sbatch: error:" in done.stderr
