"""SIGKILL at random instants: nothing saved or committed is lost, and a resumed chain equals one never killed.

A control that writes in place must fail the same test, or the kills are too gentle to prove anything.
"""

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch

from palestra.errors import PalestraError
from palestra.runs import checkpoints
from palestra.runs.metrics import MetricsWriter
from palestra.runs.series import read_rows

FORK = multiprocessing.get_context("fork")


def state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": torch.full((25_000,), float(step))}


def kill_soon(work: Callable[[Path, Connection], None], folder: Path, delay: float) -> int:
    """Run ``work`` in a child, SIGKILL it ``delay`` seconds after its first report; its last report, or -1."""
    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=work, args=(folder, theirs))
    child.start()
    theirs.close()
    last = ours.recv()
    time.sleep(delay)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    try:
        while True:
            last = ours.recv()
    except EOFError:
        return int(last)


def save_forever(folder: Path, report: Connection) -> None:
    step = max(checkpoints.steps(folder), default=0)
    report.send(step if step else -1)
    while True:
        step += 1
        checkpoints.save(folder, step, state(step), info={})
        if step % 3:
            checkpoints.save(folder, step, state(step), info={"again": True})
        report.send(step)
        checkpoints.prune(folder, {step, step - 1})


def test_killed_while_saving(tmp_path: Path) -> None:
    rng = random.Random(0)
    kills = torn = 0
    while kills < 25 or torn < 3:  # and at least three of them inside a save
        kills += 1
        assert kills < 300, "hardly a kill fell inside a save: the test proves nothing"
        reported = kill_soon(save_forever, tmp_path, rng.uniform(0.0, 0.06))
        torn += any(path.name.startswith(".tmp") for path in tmp_path.glob(".*"))
        if reported < 0 and not checkpoints.steps(tmp_path):
            continue
        loaded = checkpoints.load_latest(tmp_path)
        assert loaded.skipped == []
        assert loaded.step >= reported
        assert loaded.state["step"] == loaded.step
        assert torch.equal(loaded.state["weights"], state(loaded.step)["weights"])


def save_in_place_forever(folder: Path, report: Connection) -> None:
    """What must fail: the files of one checkpoint are overwritten where they stand, by those of another."""
    target, *sources = (folder / name / "step-000000000001" for name in ("target", "one", "two"))
    contents = [{path.name: path.read_bytes() for path in source.iterdir()} for source in sources]
    report.send(0)
    while True:
        for content in contents:
            for name, data in content.items():
                target.joinpath(name).write_bytes(data)


def test_the_control_fails(tmp_path: Path) -> None:
    for i, name in enumerate(("target", "one", "two")):
        checkpoints.save(tmp_path / name, 1, state(i), info={})
    rng = random.Random(1)
    for _ in range(25):
        kill_soon(save_in_place_forever, tmp_path, rng.uniform(0.0, 0.06))
        try:
            checkpoints.load_latest(tmp_path / "target")
        except PalestraError:
            return
    pytest.fail("writing in place survived 25 kills")


BATCH = 40


def row(step: int) -> dict[str, float]:
    return {"train/loss": 1 / (step + 1), "train/return_mean": float(step), f"rare/{step // 500}": 0.1 * step}


def record_forever(folder: Path, report: Connection) -> None:
    """Commit, then publish the step as a checkpoint does; on starting, drop what lies beyond it."""
    published = folder / "published.json"
    step = json.loads(published.read_text()) if published.exists() else -1
    writer = MetricsWriter(folder / "metrics.db")
    writer.truncate_after(step)
    report.send(step)
    while True:
        for _ in range(BATCH):
            step += 1
            writer.add(step, row(step))
            writer.add_timing(step, {"time/seconds": time.monotonic()})
        writer.commit()
        report.send(step)
        if step % 3 == 0:
            (folder / "new.json").write_text(json.dumps(step))
            (folder / "new.json").rename(published)


def test_killed_while_committing(tmp_path: Path) -> None:
    rng = random.Random(2)
    database = tmp_path / "metrics.db"
    kills, steps = 0, []
    while kills < 25 or len(steps) < 10 * BATCH:
        kills += 1
        assert kills < 300, "hardly a batch was committed: the test proves nothing"
        reported = kill_soon(record_forever, tmp_path, rng.uniform(0.0, 0.03))
        rows = read_rows(database)  # before any writer has recovered it
        steps = sorted({step for step, _, _ in rows})
        assert len(steps) > reported, "a committed row is lost"
        assert len(steps) % BATCH == 0, "a part of a batch was committed"
        expected = [(step, name, value) for step in steps for name, value in sorted(row(step).items())]
        assert rows == expected
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
