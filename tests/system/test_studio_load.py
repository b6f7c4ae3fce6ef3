"""How the studio bears many runs and long ones: slow proofs, whose figures are printed."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from made_runs import make_run

from palestra.runs import index

pytestmark = pytest.mark.slow
POINTS = 1_000_000


@contextmanager
def served(root: Path) -> Iterator[tuple[Any, int]]:
    """A studio: a function that asks it, and its process."""
    argv = [sys.executable, "-m", "palestra", "studio", "--runs", str(root), "--port", "0", "--no-open"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base, token = process.stdout.readline().strip().split("/?token=")

        def ask(path: str, **words: Any) -> Any:
            address = f"{base}/api/{path}?{urlencode(words, doseq=True)}"
            asked = urllib.request.Request(address, headers={"authorization": f"Bearer {token}"})
            with urllib.request.urlopen(asked, timeout=300) as answer:
                return json.load(answer)

        try:
            yield ask, process.pid
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def megabytes(pid: int) -> float:
    """Of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def copied(root: Path, count: int) -> list[str]:
    """So many runs that are alike but for their names, of the files that every run has."""
    first = make_run(root, 0)
    for i in range(1, count):
        other = root / f"cartpole-ppo-s{i}-20260101-000000"
        other.mkdir()
        for name in ("config.json", "manifest.json", "environment.txt"):
            shutil.copy(root / first / name, other / name)
    return [path.name for path in root.glob("cartpole-*")]


def test_five_thousand_runs_are_listed_within_a_second(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    copied(root, 5_000)
    index.list_runs(root)  # as every training leaves it
    with served(root) as (ask, pid):
        began = time.perf_counter()
        told = ask("runs")
        first = time.perf_counter() - began
        time.sleep(1)
        began = time.perf_counter()
        news = ask("runs", cursor=told["cursor"])
        later = time.perf_counter() - began
        print(f"\n5,000 runs: listed in {first:.2f} s, what is new in {later:.2f} s, {megabytes(pid):.0f} MB")
        assert len(told["rows"]) == 5_000
        assert news["rows"] == []
        assert first < 1.0
        assert megabytes(pid) < 200


def test_a_chart_of_fifty_long_runs_is_drawn_in_a_moment(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    ids = copied(root, 50)
    ids.sort(key=lambda run_id: not (root / run_id / "metrics.db").exists())
    database = root / ids[0] / "metrics.db"
    values = np.random.default_rng(0).normal(size=POINTS).cumsum()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO series (id, name) VALUES (99, 'long')")
        connection.executemany("INSERT INTO points VALUES (99, ?, ?)", enumerate(values.tolist()))
        connection.commit()
    for run_id in ids[1:]:
        (root / run_id / "metrics.db").hardlink_to(database)
    with served(root) as (ask, pid):
        began = time.perf_counter()
        told = ask("curves", run=ids, name="long", points=300, lines=1)
        first = time.perf_counter() - began
        assert len(told["curves"]) == 50
        taken = []
        for i in range(40):
            part = {} if i % 2 else {"first": POINTS // 10 * (i % 8), "last": POINTS // 10 * (i % 8 + 2)}
            began = time.perf_counter()
            ask("curves", run=ids, name="long", points=300, lines=1, **part)
            taken.append(time.perf_counter() - began)
        p95 = float(np.quantile(taken, 0.95))
        print(f"\n50 runs of {POINTS:,} points: read in {first:.1f} s, then p95 {1000 * p95:.0f} ms", end=", ")
        print(f"{megabytes(pid):.0f} MB")
        assert p95 < 0.150
        assert megabytes(pid) < 200
