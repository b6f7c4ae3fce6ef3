"""What a disk, a second trainer or a flipped bit can do to a run: a clear line, nothing lost, and the same end."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import arguments, started, wait_for
from driver import Driver, commanded, config
from matrix import slow_but
from run_comparison import differences

from palestra.cli.main import main
from palestra.runs import checkpoints
from palestra.runs.lock import is_locked
from palestra.runs.store import Run, run_ids
from palestra.trials.saved import load

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"only root may mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """Take all the space that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                pass
    return ballast


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def check_checkpoints(run: Path) -> int:
    """Every published checkpoint is whole; the newest one's step."""
    folder = run / "checkpoints"
    for step in checkpoints.steps(folder):
        checkpoints.verify(checkpoints.find(folder, step))
    return checkpoints.load_latest(folder).step


def test_a_disk_that_fills_up(driver: Driver, small_disk: Path) -> None:
    asked = commanded("dqn")
    with started(arguments(asked, small_disk / "runs")) as process:
        run = wait_for(small_disk, "runs/*/checkpoints/step-*", process).parents[1]
        ballast = fill(small_disk)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    line = one_line(err)
    assert line.startswith(f"palestra: cannot write {run}")
    assert line.endswith(
        "No space left on device; free space on that disk, "
        f"then `palestra train --resume {run}`; the last good checkpoint is kept"
    )
    assert 0 < check_checkpoints(run) < asked["budget"]
    assert main(["train", "--resume", str(run), "--quiet"]) == 1  # still full: still one line, still nothing lost
    assert check_checkpoints(run) > 0
    ballast.unlink()
    assert main(["train", "--resume", str(run), "--quiet", "--no-plots"]) == 0
    assert differences(driver.whole(asked).run, run) == []


def test_a_disk_that_is_full_from_the_start(small_disk: Path, capfd: Captured) -> None:
    fill(small_disk)
    assert main(arguments(commanded("ppo"), small_disk / "runs")) == 1
    assert "No space left on device; free space on that disk" in one_line(capfd.readouterr().err)
    assert run_ids(small_disk / "runs") == []
    assert [path.name for path in small_disk.glob("runs/.new-*")] == []


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (130_000, resource.RLIM_INFINITY))


@pytest.mark.slow
def test_a_limit_on_file_sizes(driver: Driver, tmp_path: Path) -> None:
    """The disk refuses in another way, which needs no root: a file may not grow beyond 130 kB."""
    asked = commanded("dqn")
    with started(arguments(asked, tmp_path), preexec_fn=small_files) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    (run,) = tmp_path.glob("*/")
    assert one_line(err).startswith(f"palestra: cannot write {run}")
    assert f"then `palestra train --resume {run}`" in err
    check_checkpoints(run)
    assert main(["train", "--resume", str(run), "--quiet", "--no-plots"]) == 0
    assert differences(driver.whole(asked).run, run) == []


def test_a_disk_that_may_only_be_read(driver: Driver, small_disk: Path, capfd: Captured) -> None:
    chain = driver.chain(config("ppo"), plans=[{"save": 2}], to_the_end=False, out=str(small_disk / "runs"))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert main(arguments(commanded("ppo"), small_disk / "runs")) == 2
    assert one_line(capfd.readouterr().err).endswith("Read-only file system); choose a folder that is yours")
    assert main(["train", "--resume", str(chain.run), "--quiet"]) == 1
    assert "Read-only file system; remount the disk writable" in one_line(capfd.readouterr().err)
    assert main(["runs", "--out", str(chain.run.parent)]) == 0
    assert chain.run.name in capfd.readouterr().out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path: Path, capfd: Captured) -> None:
    tmp_path.chmod(0o555)
    assert main(arguments(commanded("ppo"), tmp_path / "runs")) == 2
    assert "choose a folder that is yours" in one_line(capfd.readouterr().err)


def test_two_trainers_for_one_run(driver: Driver, capfd: Captured) -> None:
    asked = config("ppo")
    chain = driver.chain(asked, plans=[{"save": 2}], to_the_end=False)
    with started(["train", "--resume", str(chain.run), "--quiet", "--no-plots"], stopped_in_a_step()) as first:
        assert first.stderr is not None
        assert first.stderr.readline() == "step\n"
        assert is_locked(chain.run)
        assert main(["train", "--resume", str(chain.run), "--quiet"]) == 2
        line = one_line(capfd.readouterr().err)
        assert line.endswith(
            f"run {chain.run.name} is being trained by another process (pid {first.pid}); "
            "wait for it or stop it, then try again"
        )
        assert main(["runs", "rm", str(chain.run)]) == 2
        assert first.communicate("go on\n", timeout=60)[1] == ""
    assert first.returncode == 0
    assert differences(driver.whole(asked).run, chain.run) == []


def stopped_in_a_step() -> list[str]:
    """A ``palestra`` whose first step waits for a line on its standard input."""
    program = """
import sys
from palestra.cli.main import entry
from palestra.learners.on_policy.ppo import PPO

ordinary = PPO.step

def step(self):
    PPO.step = ordinary
    print("step", file=sys.stderr, flush=True)
    sys.stdin.readline()
    return ordinary(self)

PPO.step = step
entry()
"""
    return [sys.executable, "-c", program]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


HARMS = [
    (learner, name, harm)
    for learner, name in (("ppo", "tensors.safetensors"), ("dqn", "state.json"))
    for harm in (flip, cut, Path.unlink)
]


@pytest.mark.parametrize(("learner", "name", "harm"), slow_but([HARMS[0], HARMS[2], HARMS[4]], HARMS))
def test_a_damaged_checkpoint(
    driver: Driver, learner: str, name: str, harm: Callable[[Path], Any], capfd: Captured
) -> None:
    asked = config(learner)
    chain = driver.chain(asked, plans=[{"save": 4, "into": 2.0}], to_the_end=False)
    folder = chain.run / "checkpoints"
    before, newest = checkpoints.steps(folder)[-2:]
    harm(checkpoints.find(folder, newest) / name)
    assert main(["train", "--resume", str(chain.run), "--no-plots"]) == 0
    said = capfd.readouterr().out
    assert f"checkpoint step-{newest:012d} is damaged ({name}: " in said
    assert f"; using step-{before:012d}" in said
    assert differences(driver.whole(asked).run, chain.run) == []
    assert Run.open(chain.run, chain.run.parent).manifest["resumes"][-1]["step"] == before


def test_no_checkpoint_is_left_undamaged(driver: Driver, capfd: Captured) -> None:
    chain = driver.chain(config("ppo"), plans=[{"save": 4, "into": 2.0}], to_the_end=False)
    for path in (chain.run / "checkpoints").glob("step-*/tensors.safetensors"):
        flip(path)
    assert main(["train", "--resume", str(chain.run), "--quiet"]) == 1
    line = one_line(capfd.readouterr().err)
    assert line.startswith(f"palestra: no undamaged checkpoint in {chain.run / 'checkpoints'}: ")
    assert line.endswith("start the run again without --resume")


def test_the_best_checkpoint_is_the_damaged_one(driver: Driver, tmp_path: Path) -> None:
    """The run ended at its best evaluation, and the one that was best before is gone: there is still an agent."""
    asked = config("ppo", target=390.0, eval_every=1_536, checkpoint_every=0.0)
    run = Path(shutil.copytree(driver.whole(asked).run, tmp_path / "run"))
    before, newest = checkpoints.steps(run / "checkpoints")[-2:]
    assert Run.open(run, tmp_path).manifest["best_step"] == newest
    gone = checkpoints.load(checkpoints.find(run / "checkpoints", before)).info["best_step"]
    assert gone is not None
    assert gone not in checkpoints.steps(run / "checkpoints")
    flip(checkpoints.find(run / "checkpoints", newest) / "tensors.safetensors")
    with pytest.warns(UserWarning, match="step-") as warned:
        agent = load(run)
    assert agent.clock == before
    assert f"step-{newest:012d} is damaged" in str(warned[0].message)
    assert str(warned[1].message) == f"no checkpoint of step {gone}, the best, is left; using step-{before:012d}"
    agent.close()
