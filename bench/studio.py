"""How does the studio bear many runs and long ones, and what does a training feel of it? Each figure beside its gate.

The gates: 50 runs of a million points with a chart's p95 below 150 ms, a server below 200 MB, a page that grows by less
than 50 MB in an hour of live updates; a folder of 5,000 runs in less than a second; a training whose numbers are the
same to the bit with its page open, at a cost below 1 %.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from palestra.runs import checkpoints, index
from palestra.runs.seal import TENSORS
from palestra.runs.series import read_rows
from palestra.runs.store import Run, run_ids
from report import RESULTS, publish

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FILES = ("config.json", "manifest.json", "environment.txt")
"""That every run has."""
TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds in which processor time is counted."""
Row = dict[str, Any]


@dataclass
class Server:
    """`palestra studio` as a process of its own."""

    url: str
    pid: int

    def ask(self, path: str, **words: Any) -> Any:
        """What it answers, read to the end but not beyond: JSON."""
        with self.open(path, **words) as answer:
            return json.load(answer)

    def open(self, path: str, **words: Any) -> Any:
        """An answer that is read as it comes."""
        base, token = self.url.split("/?token=")
        asked = urllib.request.Request(f"{base}/api/{path}?{urlencode(words, doseq=True)}")
        asked.add_header("authorization", f"Bearer {token}")
        return urllib.request.urlopen(asked, timeout=600)

    def timed(self, path: str, **words: Any) -> tuple[Any, float, float]:
        """An answer, the seconds that it took, and the processor's that the server had of them."""
        began, used = time.perf_counter(), processor_time(self.pid)
        told = self.ask(path, **words)
        return told, time.perf_counter() - began, processor_time(self.pid) - used


@contextmanager
def served(root: Path) -> Iterator[Server]:
    """A studio over a folder, ended as by Ctrl-C."""
    argv = [sys.executable, "-m", "palestra", "studio", "--runs", str(root), "--port", "0", "--no-open"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def processor_time(pid: int) -> float:
    """Seconds that all threads of a process have computed."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return TICK * (int(words[11]) + int(words[12]))


def megabytes(pid: int) -> float:
    """Of memory that a process holds."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def row(what: str, found: str, gate: str = "", clock: bool | None = None, processor: bool | None = None) -> Row:
    """A line of the table: whether a gate is held by the clock, and by what the processor did or what memory holds."""
    print(f"{what}: {found}", file=sys.stderr, flush=True)
    said = {True: "held", False: "missed", None: ""}
    return {
        "what": what,
        "found": found,
        "gate": gate,
        "by the clock": said[clock],
        "by the processor": said[processor],
    }


def made_runs(root: Path, count: int) -> list[str]:
    """Finished runs that are alike but for their names, without numbers; returns their ids."""
    asked = {
        "recipe": "cartpole/ppo",
        "learner": {"name": "ppo", "settings": {}},
        "training": {"seed": 0, "budget": 500},
    }
    with Run.create(root, "cartpole", "ppo", 0, asked) as run:
        headline = {"name": "eval/return_mean", "value": 480.0}
        run.update_manifest(status="finished", steps=500, seconds=2.5, headline=headline, ending="finished")
    ids = [run.id]
    for i in range(1, count):
        ids.append(f"cartpole-ppo-s{i}-20260101-000000")
        (root / ids[-1]).mkdir()
        for name in FILES:
            shutil.copy(root / run.id / name, root / ids[-1] / name)
    return ids


def folder(root: Path, count: int) -> list[Row]:
    """Opening a folder of many runs: as trainings leave it, and one that was copied, whose index is worth nothing."""
    made_runs(root, count)
    rows = []
    for name, gated in (("whose index trainings keep", True), ("without an index", False)):
        index.list_runs(root)
        if not gated:
            (root / "index.db").unlink()
        with served(root) as server:
            told, wall, used = server.timed("runs")
            assert len(told["rows"]) == count
            time.sleep(1)
            news, later, _ = server.timed("runs", cursor=told["cursor"])
            assert news["rows"] == []
            found = f"{wall:.2f} s, {used:.2f} s of the processor; what is new in {1000 * later:.0f} ms"
            what = f"{count:,} runs listed, {name}"
            rows.append(row(what, found, "< 1 s", wall < 1, used < 1) if gated else row(what, found))
            rows.append(memory(f"server after {count:,} runs, {name}", server))
    return rows


def memory(what: str, server: Server) -> Row:
    """What a server holds."""
    held = megabytes(server.pid)
    return row(what, f"{held:.0f} MB", "< 200 MB", None, held < 200)


def long_runs(root: Path, count: int, points: int) -> list[Row]:
    """A chart of long runs: the whole of it, and parts; what is asked for again, and what was not asked before."""
    ids = made_runs(root, count)
    with Run.open(ids[0], root, write=True) as run:
        run.metrics.add(0, {"long": 0.0})
    values = np.random.default_rng(0).normal(size=points).cumsum()
    database = root / ids[0] / "metrics.db"
    with closing(sqlite3.connect(database)) as connection:
        (number,) = connection.execute("SELECT id FROM series WHERE name = 'long'").fetchone()
        numbered = enumerate(values.tolist())
        connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?)", ((number, *each) for each in numbered))
        connection.commit()
    for run_id in ids[1:]:
        (root / run_id / "metrics.db").unlink(missing_ok=True)
        (root / run_id / "metrics.db").hardlink_to(database)
    words = {"run": ids, "name": "long", "points": 300, "lines": 1}
    with served(root) as server:
        told, first, first_used = server.timed("curves", **words)
        assert len(told["curves"]) == count
        walls, used = [], []
        for i in range(60):
            part = {} if i % 2 else {"first": points // 10 * (i % 8), "last": points // 10 * (i % 8 + 2)}
            _, wall, processor = server.timed("curves", **words, **part)
            walls.append(wall)
            used.append(processor)
        p95, mean = float(np.quantile(walls, 0.95)), statistics.fmean(used)
        whole = f"{count} runs of {points:,} points"
        found = f"p95 {1000 * p95:.0f} ms, {1000 * mean:.0f} ms of the processor"
        rows = [
            row(f"{whole}: read for the first time", f"{first:.1f} s, {first_used:.1f} s of the processor"),
            row(f"{whole}: a chart answered", found, "p95 < 150 ms", p95 < 0.150, mean < 0.150),
        ]
        if CHROMIUM:
            drawn = drawn_in(server, ids, 20)
            p95 = float(np.quantile(drawn, 0.95))
            found = f"p95 {1000 * p95:.0f} ms, median {1000 * statistics.median(drawn):.0f} ms"
            rows.append(row(f"{whole}: a chart asked for and drawn in Chromium", found, "p95 < 150 ms", p95 < 0.150))
        return [*rows, memory(f"server after {whole}", server)]


REDRAWN = """async () => {
  const button = [...document.querySelectorAll("button")].find((each) => each.textContent === "log up");
  const canvas = () => document.querySelector(".chart canvas"), old = canvas(), began = performance.now();
  button.click();
  while (canvas() === old || !canvas()) await new Promise((next) => requestAnimationFrame(next));
  return performance.now() - began;
}"""
"""Asks for the curves anew by a press of a button, and waits until the next picture of them stands there."""


def drawn_in(server: Server, ids: list[str], count: int) -> list[float]:
    """Seconds from a press of a button in the comparison of all runs to its curves asked for anew and drawn."""
    with browser() as page:
        page.goto(server.url)
        page.goto(f"{server.url.partition('/?')[0]}/#/compare?{urlencode({'run': ids}, doseq=True)}&lang=en")
        page.get_by_role("button", name="log up").wait_for(timeout=120_000)
        page.wait_for_timeout(15_000)  # until the comparison by kinds is weighed too
        return [page.evaluate(REDRAWN) / 1000 for _ in range(count)]


@contextmanager
def browser() -> Iterator[Any]:
    """A page in the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium.new_page()
        chromium.close()


@contextmanager
def watched(root: Path) -> Iterator[Server]:
    """A studio, and somebody who has its list open and the page of the newest run, as these pages ask for them."""
    with served(root) as server:
        ended = threading.Event()

        def listen(path: str, **words: Any) -> None:
            with suppress(OSError, ValueError), server.open(path, **words) as events:
                while not ended.is_set() and events.readline():
                    pass

        def look() -> None:
            threading.Thread(target=listen, args=["live/runs"], daemon=True).start()
            while not ended.wait(0.3):
                for known in server.ask("runs")["rows"][-1:]:
                    run = f"runs/{known['id']}"
                    with suppress(OSError):  # of a run that has no numbers yet
                        names = server.ask(run)["names"]
                        cursor = server.ask(f"{run}/curves", name=names, points=600, seconds=1)["cursor"]
                        if names:
                            threading.Thread(
                                target=listen, args=[f"live/{run}"], kwargs={"cursor": json.dumps(cursor)}, daemon=True
                            ).start()
                            return

        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield server
        finally:
            ended.set()
            looking.join()


def trained(root: Path, budget: int, *, seen: bool) -> tuple[Any, float, float, float]:
    """What it wrote, which another of its seed has to write too; its seconds, the processor's, and the server's."""
    argv = [sys.executable, "-m", "palestra", "train", "cartpole/ppo", "--total-timesteps", str(budget)]
    root.mkdir()
    with watched(root) if seen else nullcontext() as server:
        began, before = time.perf_counter(), processor_time(server.pid) if server else 0.0
        process = subprocess.Popen([*argv, "--out", str(root), "--quiet"])
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        beside = processor_time(server.pid) - before if server else 0.0
    assert process.returncode in (0, 1), "a claim may be missed in so short a time"
    (run_id,) = run_ids(root)
    rows, last = read_rows(root / run_id / "metrics.db"), checkpoints.load_latest(root / run_id / "checkpoints")
    digest = hashlib.sha256((last.path / TENSORS).read_bytes()).hexdigest()
    return (rows, digest), wall, usage.ru_utime + usage.ru_stime, beside


def cost(root: Path, budget: int, pairs: int) -> list[Row]:
    """A training with its page open and shut, in turn, so that a drift of the machine meets both."""
    seconds: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    written, shares = [], []
    trained(root / "warm", budget, seen=False)
    for i in range(pairs):
        for seen in (False, True) if i % 2 else (True, False):
            told, wall, used, beside = trained(root / f"{i}-{seen}", budget, seen=seen)
            shares += [100 * beside / wall] if seen else []
            seconds[seen].append((wall, used))
            written.append(told)
    same = all(each == written[0] for each in written)
    shut, opened = (np.array(seconds[seen]) for seen in (False, True))
    ratios = 100 * (opened / shut - 1)
    wall, used = np.median(ratios, 0)
    spread = np.quantile(ratios, (0.25, 0.75), 0)
    found = (
        f"{used:+.2f} % of the processor (quartiles {spread[0, 1]:+.2f}, {spread[1, 1]:+.2f}), {wall:+.2f} % of time"
    )
    what = f"a training of {np.median(shut[:, 0]):.1f} s with its page open, median of {pairs} pairs"
    return [
        row(
            "its numbers and its last tensors, open and shut", "the same" if same else "differ", "the same", None, same
        ),
        row(what, found, "< 1 %", *(None if low < 1 < high else bool(high <= 1) for low, high in spread.T)),
        row("the studio's server meanwhile", f"{statistics.median(shares):.1f} % of a core"),
    ]


def tree(pid: int) -> list[int]:
    """A process and all that come of it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def shared_out(pids: list[int]) -> float:
    """Megabytes of some processes, each page of memory that several share counted once."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0])
    return total / 1024


def soak(root: Path, minutes: float) -> list[Row]:
    """The page of a run that goes on: ten series that get 25 new points a second, and its memory every half minute."""
    names = [f"train/{i}" for i in range(10)]
    before = set(tree(os.getpid()))
    asked = {"training": {"seed": 0, "budget": 10**7}}
    with Run.create(root, "cartpole", "ppo", 0, asked) as run, served(root) as server, browser() as page:
        devtools, step = page.context.new_cdp_session(page), 0

        def written(count: int) -> None:
            nonlocal step
            for _ in range(count):
                step += 1
                run.metrics.add(step, {name: float(np.sin(step / 50 + i)) for i, name in enumerate(names)})
            run.metrics.commit()

        def lived(seconds: float) -> tuple[float, float]:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                written(10)
                page.wait_for_timeout(400)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"] / 2**20
            mine = [pid for pid in tree(os.getpid()) if pid not in before and pid != server.pid]
            return heap, shared_out(mine)

        written(20_000)  # as much as a page draws of a series, so that what it draws grows no more
        page.goto(server.url)
        page.goto(f"{server.url.partition('/?')[0]}/#/run/{run.id}")
        page.wait_for_selector(".chart canvas")
        lived(min(60, 15 * minutes))
        began, every = time.monotonic(), min(30.0, 15 * minutes)
        found = [(0.0, *lived(0))]
        while time.monotonic() - began < 60 * minutes:
            memory_now = lived(every)
            found.append((time.monotonic() - began, *memory_now))
        rows = [memory("server after the soak", server)]
    at, heap, whole = np.array(found).T
    what = f"a page watched for {at[-1] / 60:.1f} min, {step:,} steps of {len(names)} series"
    for name, values in (("its scripts' memory", heap), ("all processes of Chromium", whole)):
        hour = 3600 * float(np.polyfit(at, values, 1)[0])
        told = f"{values[0]:.1f} MB, at last {values[-1]:.1f} MB; by the slope {hour:+.0f} MB an hour"
        rows.append(row(f"{what}: {name}", told, "< 50 MB", None, bool(max(hour, values[-1] - values[0]) < 50)))
    return rows


def published(part: str) -> list[Row]:
    """What was found of a part when it was measured last."""
    path = RESULTS / "studio.json"
    table = json.loads(path.read_text())["table"] if path.exists() else []
    return [each for each in table if each.get("part") == part]


def main() -> None:
    """All of it, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", type=float, default=2.0, help="minutes for which a page is watched; 60 is the gate's")
    parser.add_argument("--runs", type=int, default=5_000, help="in the folder that is opened")
    parser.add_argument("--points", type=int, default=1_000_000, help="of each of the 50 long runs")
    parser.add_argument("--pairs", type=int, default=5, help="trainings with the page open, and as many with it shut")
    parser.add_argument("--budget", type=int, default=60_000, help="steps of each")
    parser.add_argument("--only", choices=("folder", "charts", "training", "soak"), help="one part of it")
    args, _ = parser.parse_known_args()
    parts: dict[str, Callable[[Path], list[Row]]] = {
        "folder": lambda place: folder(place, args.runs),
        "charts": lambda place: long_runs(place, 50, args.points),
        "training": lambda place: cost(place, args.budget, args.pairs),
        "soak": lambda place: soak(place, args.soak),
    }
    watchable = bool(CHROMIUM and args.soak)
    if args.only == "soak" and not watchable:
        parser.error("--only soak, without Chromium or for 0 minutes; expected both (apt-get install chromium)")
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as name:
        for part in [args.only] if args.only else [each for each in parts if each != "soak" or watchable]:
            place = Path(name) / part
            place.mkdir()
            found[part] = [{"part": part, **each} for each in parts[part](place)]
    table = [each for part in parts for each in found.get(part, published(part) if args.only else [])]
    verdicts = [each["by the processor"] or each["by the clock"] for each in table]
    gates, missed = len([each for each in verdicts if each]), verdicts.count("missed")
    watching = (
        "An hour of a watched page is `palestra bench studio --only soak --soak 60`. Memory after a collection of "
    )
    watching += "garbage, every half minute; all processes as proportional set size."
    if not any(each["part"] == "soak" for each in table):
        watching = "No page was watched."
    load = os.getloadavg()[0]
    publish(
        "studio",
        "The studio under load",
        {
            "ours": gates - missed, "peer": gates, "ratio": (gates - missed) / max(1, gates),
            "unit": "gates held by the processor or in memory, of those that there are", "seeds": [0],
        },
        table,
        [
            "Server, trainings and browser share this machine's cores; processor time is the server's own, or the "
            "training's own, and says what a quiet machine would take. Seconds are from the question to the last byte.",
            "The 50 long runs are one file under 50 names: what is read is in memory.",
            f"The machine's load was {load:.1f} at the end; on {os.cpu_count()} cores it should be below that.",
            "Who watches a training holds the live events of the list and of the run's page open, as the pages do.",
            "A cost whose quartiles lie on both sides of the gate is not decided.",
            "With `--only` the other parts are as they were measured before, and the load is of that part.",
            watching,
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
