import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run

from palestra.errors import UsageError
from palestra.runs.store import Run
from palestra.studio import launching
from palestra.studio.folder import Folder, NotThereError
from palestra.studio.launching import Launcher

TRAINING = """
import signal, sys, time
from pathlib import Path
root = Path(sys.argv[sys.argv.index("--out") + 1])
if "none=1" in str(sys.argv):
    print("palestra: setting none is not there", file=sys.stderr)
    sys.exit(2)
from palestra.runs.store import Run
with Run.create(root, "cartpole", "ppo", 0, {"argv": sys.argv[1:]}) as run:
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stopped.append(number))
    for step in range(6000):
        run.metrics.add(step, {"x": 1.0})
        run.metrics.commit()
        time.sleep(0.01)
        if stopped:
            run.update_manifest(status="interrupted")
            sys.exit(128 + stopped[0])
"""


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    program = tmp_path / "training.py"
    program.write_text(TRAINING)
    popen = launching.subprocess.Popen

    def started(argv: list[str], **more: Any) -> Any:
        assert argv[:3] == [sys.executable, "-m", "palestra"]
        return popen([sys.executable, str(program), *argv[3:]], **more)

    monkeypatch.setattr(launching.subprocess, "Popen", started)
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
    assert Run.open(run_id, root).config["argv"] == [
        "train", "cartpole/ppo", "--set=learner.gamma=0.9 $(x)", "--out", str(root), "--quiet",
    ]  # fmt: skip

    def rows() -> int:
        return (root / run_id / "metrics.db-wal").stat().st_size

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
    assert Run.open(run_id, root).status == "interrupted"
    with pytest.raises(NotThereError):
        launcher.stop(run_id)


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
    for order in (launcher.pause, launcher.stop):
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
