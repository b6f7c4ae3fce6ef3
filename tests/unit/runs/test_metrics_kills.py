"""SIGKILL at random instants: no row that was committed is lost, and none is there in part."""

import json
import random
import sqlite3
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from kills import kill_soon

from palestra.runs.metrics import MetricsWriter
from palestra.runs.series import read_rows

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
