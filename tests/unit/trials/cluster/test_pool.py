"""Pools on other machines: what is asked for, what comes back, who is ended, and what a killed pool finds again."""

import dataclasses
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run
from quick import QUICK

from palestra.runs import checkpoints
from palestra.runs.depot import FolderDepot
from palestra.runs.index import list_runs
from palestra.runs.journal import Journal
from palestra.runs.lease import Lease, Waiter, claims
from palestra.runs.shipping import Sender, newest_step
from palestra.runs.store import Run, run_ids
from palestra.trials.cluster import pool as pools
from palestra.trials.cluster.pool import BESIDE_RUNS, ClusterPool, Job
from palestra.trials.cluster.worker import RESULT, STOP, TRIAL
from palestra.trials.pool import NEVER_BEGUN, RETRIES
from palestra.trials.sweep.halving import Halving
from palestra.trials.train import train
from palestra.trials.trial import Result, Trial


class Desk(ClusterPool):
    """A scheduler that begins nothing: a test says who is alive."""

    def __init__(self, jobs: int = 2, **options: Any):
        super().__init__(jobs, **{"look": 0.0, **options})
        self.asked: list[Job] = []
        self.there: set[str] = set()
        self.said: list[str] = []
        self.reached = True

    def launch(self, jobs: Sequence[Job]) -> list[str]:
        self.asked += jobs
        handles = [f"h{len(self.asked) - len(jobs) + i}" for i in range(len(jobs))]
        self.there |= set(handles)
        return handles

    def alive(self, handles: Collection[str]) -> Collection[str] | None:
        return self.there & set(handles) if self.reached else None

    def cancel(self, handle: str) -> None:
        self.said.append(f"cancel {handle}")
        self.there.discard(handle)

    def withdraw(self, handle: str) -> None:
        self.said.append(f"withdraw {handle}")

    def leave(self) -> None:
        self.said.append("leave")


def submitted(folder: Path, seeds: int, **options: Any) -> Desk:
    made = Desk(**options)
    for seed in range(seeds):
        made.submit(Trial(QUICK, seed), folder)
    return made


def lease_of(job: Job) -> Lease:
    """What its process has after a moment."""
    lease = Waiter(job.depot, job.root, job.launch).look()
    assert lease is not None
    return lease


def sent(job: Job, lease: Lease, folder: Path, result: Result | None = None) -> None:
    """What its process sends."""
    run = folder / make_run(folder, job.trial.seed)
    Sender(job.depot, lease.place, lease.check).send(run)
    if result is not None:
        job.depot.put(f"{lease.place}/{RESULT}", json.dumps(dataclasses.asdict(result)).encode())


def test_so_many_side_by_side_and_each_run_comes_home(tmp_path: Path) -> None:
    made = submitted(tmp_path / "runs", 3)
    assert made.poll() == []
    assert [job.trial.seed for job in made.asked] == [0, 1]
    first, second = made.asked
    assert Trial.from_json(json.loads(first.depot.get(f"{first.root}/{TRIAL}") or b"")) == Trial(QUICK, 0)
    assert made.command_of(first)[:4] == [str(tmp_path / "runs" / BESIDE_RUNS), first.root, first.launch, "60"]
    lease = lease_of(second)
    lease.beat("128")
    assert made.poll() == []
    assert made.tell() == ["toy/quick seed 0 0%", "toy/quick seed 1 50%"]
    sent(second, lease, tmp_path / "scratch", Result(1, 7.0, run="/scratch/it"))
    ((trial, result),) = made.poll()
    assert (trial, result.value) == (Trial(QUICK, 1), 7.0)
    (run,) = run_ids(tmp_path / "runs")
    assert result.run == str(tmp_path / "runs" / run)
    assert [row.id for row in list_runs(tmp_path / "runs")] == [run]
    assert second.depot.names(second.root) == []
    assert [job.trial.seed for job in made.asked] == [0, 1, 2]


def test_who_is_gone_without_a_result_is_asked_for_again_as_long_as_it_gets_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submitted(tmp_path, 1)
    newest = [-1]
    monkeypatch.setattr(pools, "newest_step", lambda depot, root: newest[0])
    for deaths in range(1, 30):
        made.poll()
        assert len(made.asked) == deaths
        newest[0] = min(deaths, 10)
        made.there.clear()
        ended = made.poll()
        if ended:
            break
    ((_, result),) = ended
    assert deaths == 10 + RETRIES
    assert result.error == f"its process died {RETRIES + 1} times without getting on"


def test_nobody_is_given_up_because_the_scheduler_does_not_answer(tmp_path: Path) -> None:
    made = submitted(tmp_path, 1)
    made.poll()
    made.there.clear()
    made.reached = False
    assert made.poll() == []
    assert len(made.asked) == 1
    sent(made.asked[0], lease_of(made.asked[0]), tmp_path / "scratch", Result(0, 7.0))
    assert [result.value for _, result in made.poll()] == [7.0]


def test_a_frozen_process_is_ended_and_another_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = submitted(tmp_path, 1, expiry=10.0, look=0.0)
    made.poll()
    (job,) = made.asked
    job.signs._longest = 5.0
    now = [0.0]
    job.signs._clock = lambda: now[0]
    lease = lease_of(job)

    def looks(seconds: int) -> None:
        for _ in range(seconds):
            now[0] += 1.0
            made.poll()

    lease.beat()
    looks(19)
    assert made.said == []
    lease.beat()
    looks(15)
    assert made.said == []
    looks(10)
    assert made.said == ["cancel h0"]
    assert [job.handle for job in made.asked] == ["h1", "h1"]  # the same trial
    looks(100)
    assert made.said == ["cancel h0"]  # the new one waits, perhaps in a queue, for the old one's lease


def test_stopping_asks_who_runs_drops_who_waits_and_keeps_what_there_is(tmp_path: Path) -> None:
    made = submitted(tmp_path / "runs", 3)
    made.poll()
    first = made.asked[0]
    lease = lease_of(first)
    sent(first, lease, tmp_path / "scratch")
    made.stop()
    made.stop()
    assert first.depot.get(f"{first.root}/{STOP}/{first.launch}") == b""
    assert made.said == ["withdraw h0", "withdraw h1"]
    assert [(trial.seed, result.error) for trial, result in made.poll()] == [(2, NEVER_BEGUN)]
    made.there.clear()
    assert [(trial.seed, result.error) for trial, result in made.poll()] == [(0, "interrupted"), (1, "interrupted")]
    assert len(run_ids(tmp_path / "runs")) == 1  # as far as it is
    made.close()
    assert made.said[-1] == "leave"
    assert newest_step(first.depot, first.root) == -1
    assert first.depot.names(f"{first.root}/held") != []  # to be gone on with
    assert len(made.asked) == 2


def test_what_a_killed_pool_has_left_is_found_by_the_next_one(tmp_path: Path) -> None:
    one = submitted(tmp_path / "runs", 1)
    one.poll()
    sent(one.asked[0], lease_of(one.asked[0]), tmp_path / "scratch", Result(0, 7.0))
    other = submitted(tmp_path / "runs", 1)
    other.poll()
    assert other.asked[0].root == one.asked[0].root
    assert [result.value for _, result in other.poll()] == [7.0]
    other.close()
    assert not (tmp_path / "runs" / BESIDE_RUNS).exists()


def test_a_depot_that_is_named_is_used_and_stays(tmp_path: Path) -> None:
    made = submitted(tmp_path / "runs", 1, depot=str(tmp_path / "common"))
    made.poll()
    (job,) = made.asked
    assert isinstance(job.depot, FolderDepot)
    assert job.depot.root == tmp_path / "common"
    made.close()
    assert (tmp_path / "common").exists()
    assert not (tmp_path / "runs").exists()


def test_what_successive_halving_decides_stands_in_the_depot_and_then_in_the_journal(tmp_path: Path) -> None:
    path, made = tmp_path / "journal.db", Desk()
    with Journal(path) as journal:
        journal.decide(7, 0, 0, 64, 1.0, lambda scores: True)  # before, on this machine
    trial = Trial(QUICK, number=8, halving=Halving(str(path), 8, (64,)))
    made.submit(trial, tmp_path / "runs")
    made.poll()
    (job,) = made.asked
    halving = job.trial.halving
    assert halving is not None
    assert halving.depot == job.depot.url
    with halving.noted() as noted:
        assert [each.number for each in noted.decisions()] == [7]
        assert not noted.decide(8, 0, 0, 64, 0.5, lambda scores: sorted(scores) != [0.5, 1.0])
    assert halving.ended_at(0) == 64
    sent(job, lease_of(job), tmp_path / "scratch", Result(0, 0.5, pruned=64))
    ((_, result),) = made.poll()
    assert result.pruned == 64
    with Journal(path) as journal:
        assert [(each.number, each.goes_on) for each in journal.decisions()] == [(7, True), (8, False)]
    made.close()
    assert not (tmp_path / "runs" / BESIDE_RUNS).exists()


def test_what_was_decided_is_found_again_by_who_goes_on_with_a_stopped_sweep(tmp_path: Path) -> None:
    path, made = tmp_path / "journal.db", Desk(jobs=1)
    for number in range(2):
        made.submit(Trial(QUICK, number=number, halving=Halving(str(path), number, (64,))), tmp_path / "runs")
    made.poll()
    halving = made.asked[0].trial.halving
    assert halving is not None
    with halving.noted() as noted:
        noted.decide(0, 0, 0, 64, 0.5, lambda scores: True)
    made.stop()
    made.there.clear()
    made.poll()
    made.close()
    with halving.noted() as noted:
        assert [each.number for each in noted.decisions()] == [0]


def test_what_was_begun_on_this_machine_is_sent_along(tmp_path: Path) -> None:
    runs, trial = tmp_path / "runs", Trial(QUICK)
    with Run.create(runs, "toy", "quick", 0, trial.plan().to_json()) as run:
        checkpoints.save(run.checkpoints, 128, {"a": 1}, info={})
        held = submitted(runs, 1)  # it is being trained here
        assert newest_step(held._shelf.waiting[0].depot, held._shelf.waiting[0].root) == -1
    made = submitted(runs, 1)
    (job,) = made._shelf.waiting
    assert newest_step(job.depot, job.root) == 128
    assert Waiter(job.depot, job.root).look() is not None  # the lease is free
    submitted(runs, 1)
    assert len(claims(job.depot, job.root)) == 2  # it is not sent again


def test_what_another_command_brought_home_is_taken(tmp_path: Path) -> None:
    made = submitted(tmp_path, 1)
    made.poll()
    outcome = train(QUICK, out=tmp_path)
    made.there.clear()
    ((_, result),) = made.poll()
    assert outcome.claim is not None
    assert (result.value, result.run, result.reused) == (outcome.claim["value"], outcome.path, True)


def test_a_depot_that_is_out_of_reach_for_a_while_ends_nothing(tmp_path: Path) -> None:
    made = submitted(tmp_path / "runs", 2, jobs=1, depot=str(tmp_path / "common"))
    made.poll()
    (job,) = made.asked
    sent(job, lease_of(job), tmp_path / "scratch", Result(0, 7.0))
    (tmp_path / "common").rename(tmp_path / "away")
    assert made.poll() == []
    made.there.clear()
    assert made.poll() == []
    (tmp_path / "away").rename(tmp_path / "common")
    assert [result.value for _, result in made.poll()] == [7.0]
    (tmp_path / "common").rename(tmp_path / "away")
    made.stop()
    assert made.said == []
    (tmp_path / "away").rename(tmp_path / "common")
    made.stop()
    assert made.said == ["withdraw h1"]
