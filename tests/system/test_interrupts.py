"""SIGINT and SIGTERM to ``palestra train``: the first saves and says so, the second ends it at once."""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command import arguments, started, wait_for
from driver import Driver, commanded
from matrix import slow_but
from run_comparison import differences

from palestra.cli.main import main
from palestra.runs import checkpoints
from palestra.runs.store import Run

LONG = {"ppo": {"budget": 28_672}, "dqn": {"budget": 6_400, "num_envs": 2}}
"""Of which a signal that comes as soon as there are metrics leaves most to be done."""


@pytest.mark.parametrize(
    ("number", "learner", "backend"),
    [pytest.param(signal.SIGTERM, "ppo", "torch", marks=pytest.mark.slow), (signal.SIGINT, "dqn", "async")],
    ids=["SIGTERM", "Ctrl-C with worker processes"],
)
def test_stopped_by_a_signal(
    driver: Driver, number: signal.Signals, learner: str, backend: str, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {"checkpoint_every": 1_000.0, "eval_every": 4_000, "backend": backend, **LONG[learner]}
    asked = commanded(learner, **changes)
    with started([*arguments(asked, tmp_path), "--json"]) as process:
        run = wait_for(tmp_path, "*/metrics.db", process).parent
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # a terminal sends it to every process of the group
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    assert err.count("stopping after this step") == 1
    outcome = json.loads(out)
    manifest = Run.open(run, run.parent).manifest
    assert (outcome["ending"], outcome["signal"], manifest["status"]) == ("interrupted", number, "interrupted")
    assert 0 < outcome["steps"] < asked["budget"]
    assert max(checkpoints.steps(run / "checkpoints")) == outcome["steps"]  # it saved where it stopped
    assert main(["train", "--resume", str(run), "--quiet", "--no-plots"]) == 0
    assert differences(driver.whole(asked).run, run) == []


SLOW = """
import hashlib, sys, time
from palestra.cli.main import entry
from palestra.learners.on_policy.ppo import PPO

def step(self):
    print("step", file=sys.stderr, flush=True)
    {work}

PPO.step = step
entry()
"""
WORK = {
    "in Python": "[time.sleep(0.01) for _ in range(6000)]",
    "inside one long call": "time.sleep(1); hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)",
}


TWICE = [(work, number) for work in WORK for number in (signal.SIGTERM, signal.SIGINT)]


@pytest.mark.parametrize(("work", "number"), slow_but([TWICE[0], TWICE[-1]], TWICE))
def test_a_second_signal_ends_it_at_once(work: str, number: signal.Signals, tmp_path: Path) -> None:
    program = [sys.executable, "-c", SLOW.format(work=WORK[work])]
    with started(arguments(commanded("ppo"), tmp_path), program) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "step\n"
        process.send_signal(number)
        assert process.stderr.readline() == "\n"
        assert process.stderr.readline() == "stopping after this step and saving; once more to stop at once\n"
        time.sleep(1.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=30) in (128 + number, -number)
        assert time.monotonic() - began < 1.0


def processes(group: int) -> list[str]:
    """Lines of /proc of the processes in a group that are alive."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            text = path.read_text()
            state, _, its_group = text.rpartition(") ")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(text)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in Linux's /proc")
def test_worker_processes_end_with_a_killed_trainer(tmp_path: Path) -> None:
    with started(arguments(commanded("dqn", backend="async", num_envs=3), tmp_path)) as process:
        wait_for(tmp_path, "*/metrics.db", process)
        assert len(processes(process.pid)) >= 4
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        while processes(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processes(process.pid) == []
