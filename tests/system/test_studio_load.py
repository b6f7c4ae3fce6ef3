"""How the studio bears many runs and long ones, and what a training feels of it: slow proofs that print figures."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from chromium import CHROMIUM, needs_a_browser
from made_runs import make_run

from palestra.runs import checkpoints, index
from palestra.runs.seal import TENSORS
from palestra.runs.series import read_rows
from palestra.runs.store import Run, run_ids

pytestmark = pytest.mark.slow
POINTS = 1_000_000
SOAK_SECONDS = 120
"""For which a page is watched, where an hour is meant."""


@contextmanager
def served(root: Path) -> Iterator[tuple[Any, int, str]]:
    """A studio: a function that asks it, its process, and its address with the token."""
    argv = [sys.executable, "-m", "palestra", "studio", "--runs", str(root), "--port", "0", "--no-open"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        base, token = url.split("/?token=")

        def ask(path: str, **words: Any) -> Any:
            address = f"{base}/api/{path}?{urlencode(words, doseq=True)}"
            asked = urllib.request.Request(address, headers={"authorization": f"Bearer {token}"})
            with urllib.request.urlopen(asked, timeout=300) as answer:
                return json.load(answer)

        try:
            yield ask, process.pid, url
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
    with served(root) as (ask, pid, _):
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
    with served(root) as (ask, pid, _):
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


@contextmanager
def watched(root: Path) -> Iterator[None]:
    """A studio, and somebody who asks for the list, and for the curves of the newest run, all the time."""
    with served(root) as (ask, _, _):
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.2):
                for row in ask("runs")["rows"][-1:]:
                    with suppress(OSError):  # of a run that has no numbers yet
                        names = ask(f"runs/{row['id']}")["names"]
                        ask(f"runs/{row['id']}/curves", name=names, points=600, seconds=1)

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()


def trained(root: Path, *, seen: bool) -> tuple[dict[str, Any], float]:
    """What a training wrote that another of its seed has to write too, and its seconds of processor time."""
    argv = [sys.executable, "-m", "palestra", "train", "cartpole/ppo", "--total-timesteps", "30000", "--out", str(root)]
    root.mkdir()
    with watched(root) if seen else nullcontext():
        process = subprocess.Popen([*argv, "--quiet"])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), "a claim may be missed in so short a time"
    (run_id,) = run_ids(root)
    rows, last = read_rows(root / run_id / "metrics.db"), checkpoints.load_latest(root / run_id / "checkpoints")
    digest = hashlib.sha256((last.path / TENSORS).read_bytes()).hexdigest()
    return {"rows": rows, "sha256": digest}, usage.ru_utime + usage.ru_stime


def test_a_training_feels_nothing_of_the_page(tmp_path: Path) -> None:
    shut, open_ = [], []
    first = None
    for i in range(3):
        for taken, seen in ((shut, False), (open_, True)):
            told, seconds = trained(tmp_path / f"{i}-{seen}", seen=seen)
            first = first or told
            assert told["rows"] == first["rows"]
            assert told["sha256"] == first["sha256"]
            taken.append(seconds)
    cost = min(open_) / min(shut) - 1
    print(f"\na training of {min(shut):.2f} s of processor time costs {100 * cost:+.1f}% more with its page open")
    assert cost < 0.01


@needs_a_browser
def test_a_page_that_is_watched_does_not_grow(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    names = [f"train/{i}" for i in range(10)]
    with (
        Run.create(tmp_path, "cartpole", "ppo", 0, {"training": {"seed": 0, "budget": 10**6}}) as run,
        served(tmp_path) as (_, _, url),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        devtools = page.context.new_cdp_session(page)
        step = 0

        def lived(seconds: float) -> float:
            """Megabytes that the page holds after so long a time of new numbers."""
            nonlocal step
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for _ in range(10):
                    step += 1
                    run.metrics.add(step, {name: float(np.sin(step / 50 + i)) for i, name in enumerate(names)})
                run.metrics.commit()
                page.wait_for_timeout(400)
            devtools.send("HeapProfiler.collectGarbage")
            return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 2**20

        lived(1)
        page.goto(url)
        page.goto(f"{url.partition('/?')[0]}/#/run/{run.id}")
        page.wait_for_selector(".chart canvas")
        before = lived(SOAK_SECONDS / 4)
        after = lived(SOAK_SECONDS)
        browser.close()
    hour = (after - before) * 3600 / SOAK_SECONDS
    print(f"\na page that is watched: {before:.1f} MB, {after:.1f} MB after {SOAK_SECONDS} s", end=", ")
    print(f"at {10 * len(names)} new points each 0.4 s; an hour of it would be {hour:+.0f} MB")
    assert hour < 50
