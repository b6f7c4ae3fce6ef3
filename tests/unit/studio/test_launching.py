import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run

from palestra.errors import UsageError
from palestra.studio import launching
from palestra.studio.folder import Folder, NotThereError
from palestra.studio.launching import Launcher

TRAINING = """
import fcntl, json, os, signal, sys, time
root = sys.argv[sys.argv.index("--out") + 1]
if "none=1" in str(sys.argv):
    print("palestra: setting none is not there", file=sys.stderr)
    sys.exit(2)
run = os.path.join(root, f"cartpole-ppo-{os.getpid()}")
os.makedirs(run)
lock = open(os.path.join(run, ".lock"), "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print(os.getpid(), file=lock, flush=True)
stopped = []
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: stopped.append(number))
held = []
signal.signal(signal.SIGURG, lambda number, frame: held.append(number))
with open(os.path.join(run, "environment.txt"), "w") as rows:
    print(json.dumps(sys.argv[1:]), file=rows, flush=True)
    while not stopped:
        print("a row", file=rows, flush=True)
        time.sleep(0.01)
        if held:
            held.clear()
            os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.3)
    print("saved", file=rows, flush=True)
sys.exit(128 + stopped[0])
"""
"""What ``palestra train`` is to who starts it: a run that it holds, a row a step, signals, and a while to save."""


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    program = tmp_path / "training.py"
    program.write_text(TRAINING)
    monkeypatch.setattr(launching, "PROGRAM", (sys.executable, str(program)))
    monkeypatch.setattr(launching, "_SAVING_SECONDS", 10.0)
    made = Launcher(Folder(tmp_path / "runs"))
    yield made
    made.close()


def until(holds: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to be")


def test_a_training_is_started_held_and_stopped(launcher: Launcher, tmp_path: Path) -> None:
    begun = launcher.start({"recipe": "cartpole/ppo", "settings": {"learner.gamma": "0.9 $(x)"}})
    assert begun["command"] == "palestra train cartpole/ppo '--set=learner.gamma=0.9 $(x)'"
    run_id = until(lambda: launcher.states()[0]["run"])
    root = tmp_path / "runs"
    assert json.loads((root / run_id / "environment.txt").read_text().splitlines()[0]) == [
        "train", "cartpole/ppo", "--set=learner.gamma=0.9 $(x)", "--out", str(root), "--quiet",
    ]  # fmt: skip

    def rows() -> int:
        return (root / run_id / "environment.txt").stat().st_size

    until(rows)
    assert launcher.pause(run_id)["stage"] == "paused"
    time.sleep(0.1)
    before = rows()
    time.sleep(0.2)
    assert rows() == before
    assert launcher.resume(run_id)["stage"] == "running"
    until(lambda: rows() > before)
    launcher.pause(run_id)
    assert launcher.stop(run_id)["stage"] == "stopping"
    until(lambda: launcher.states()[0]["stage"] == "ended")
    assert (root / run_id / "environment.txt").read_text().endswith("saved\n")
    with pytest.raises(NotThereError):
        launcher.stop(run_id)


def test_a_training_makes_one_step_after_the_other(launcher: Launcher, tmp_path: Path) -> None:
    launcher.start({"recipe": "cartpole/ppo"})
    run_id = until(lambda: launcher.states()[0]["run"])
    rows = tmp_path / "runs" / run_id / "environment.txt"
    until(lambda: "a row" in rows.read_text())

    def stands() -> bool:
        return bool(launcher.states()[0]["stage"] == "paused")

    assert launcher.step(run_id)["stage"] in ("stepping", "paused")
    until(stands)
    for _ in range(2):
        before = rows.read_text().count("a row")
        assert launcher.step(run_id)["stage"] in ("stepping", "paused")
        until(stands)
        assert rows.read_text().count("a row") == before + 1
    assert launcher.pause(run_id)["stage"] == "paused"
    assert launcher.resume(run_id)["stage"] == "running"
    until(lambda: rows.read_text().count("a row") > before + 3)
    launcher.step(run_id)
    until(stands)
    launcher.stop(run_id)
    until(lambda: launcher.states()[0]["stage"] == "ended")
    assert rows.read_text().endswith("saved\n")


def test_one_that_fails_says_why(launcher: Launcher) -> None:
    launcher.start({"recipe": "cartpole/ppo", "settings": {"none": "1"}})
    until(lambda: launcher.states()[0]["stage"] == "failed")
    assert launcher.states()[0]["said"] == "setting none is not there"


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"recipe": "none/such"}, {"recipe": "cartpole/ppo", "settings": {"--out": "x"}},
        {"recipe": "cartpole/ppo", "settings": {"gamma": 1}}, {"recipe": "cartpole/ppo", "settings": []},
        {"recipe": "--help"}, {"recipe": "cartpole/ppo", "settings": {"a b": "x"}},
    ],
)  # fmt: skip
def test_only_recipes_and_settings_are_started(launcher: Launcher, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        launcher.start(asked)
    assert launcher.states() == []


def test_a_run_that_was_interrupted_is_gone_on_with(launcher: Launcher, tmp_path: Path) -> None:
    run_id = make_run(tmp_path / "runs", status="interrupted")
    told = launcher.resume(run_id)
    assert told["command"] == f"palestra train --resume={tmp_path / 'runs' / run_id}"
    for order in (launcher.pause, launcher.step, launcher.stop):
        with pytest.raises(NotThereError, match="that was started here"):
            order(run_id)
    with pytest.raises(NotThereError):
        launcher.resume("../x")


def test_there_are_a_few_at_most_and_none_is_left(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "MOST_AT_ONCE", 1)
    launcher.start({"recipe": "cartpole/ppo"})
    with pytest.raises(UsageError, match="1 trainings are running; expected one of them to end"):
        launcher.start({"recipe": "cartpole/ppo"})
    run_id = until(lambda: launcher.states()[0]["run"])
    launcher.pause(run_id)
    launcher.close()
    assert all(each.process.poll() is not None for each in launcher._trainings)
    assert launcher.states()[0]["stage"] == "ended", "it saved itself, though it was held"
