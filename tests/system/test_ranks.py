"""Two processes train one learner, and either is killed at any moment: the other ends, nothing is lost, and it goes on.

Runs of two ranks that were killed and gone on with are bit for bit those that were not. Signals stop both at one step.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command import PALESTRA, started, wait_for
from run_comparison import differences

from palestra.runs import checkpoints
from palestra.runs.store import Run

DRIVER = Path(__file__).with_name("rank_driver.py")
KILLS = 50
TRAIN = ["train", "--algo", "ppo", "--env-id", "CartPole-v1", "--num-envs", "4", "--no-plots", "--quiet"]
TRAIN += ["--set", "num_steps=64", "--set", "minibatch_size=64", "--set", "num_epochs=2", "--devices", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["ppo", "autoencoder"])
def test_either_rank_is_killed_at_any_moment(learner: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    toys = Path(__file__).parents[1] / "toys"
    path = os.pathsep.join([str(toys), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, DRIVER, tmp_path, learner, str(KILLS)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    course: dict[str, Any] = json.loads(done.stdout)
    runs = [Path(path) for path in {*course["finished"], course["run"]}]
    different = {str(run): found for run in runs if (found := differences(Path(course["whole"]), run))}
    died, same = course["kills"], len(runs) - len(different)
    figures = (
        f"{learner}: {died[0]} kills of rank 0, {died[1]} of rank 1, {course['unborn']} before the run was there; the"
        f" other ended within {course['slowest']:.1f} s; {same} of {len(runs)} trainings bit-identical"
    )
    with capfd.disabled():
        print(f"\n{figures}", file=sys.stderr)
    assert course["faults"] == []
    assert different == {}, figures
    assert [note for note in course["notes"] if "no checkpoint yet" not in note] == []
    assert sum(course["kills"]) >= KILLS
    assert min(course["kills"]) >= KILLS // 3
    assert set(course["said"]) == {"rank 0 of 2 is gone", "rank 1 of 2 is gone"}


def children(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in listed.split()]


@pytest.mark.slow
@pytest.mark.parametrize("whom", [0, 1])
def test_a_command_whose_other_rank_is_killed_says_so_in_one_line_and_goes_on(whom: int, tmp_path: Path) -> None:
    long = [*TRAIN, "--total-timesteps", "1000000", "--checkpoint-every", "0.1", "--out", str(tmp_path)]
    with started(long) as process:
        saved = wait_for(tmp_path, "*/checkpoints/step-*", process, 240)
        run = saved.parent.parent
        (other,) = children(process)
        os.kill(process.pid if whom == 0 else other, signal.SIGKILL)
        killed = time.monotonic()
        _, err = process.communicate(timeout=240)  # the pipe ends when both have ended
        seconds = time.monotonic() - killed
    assert seconds < 15
    (line,) = err.splitlines()
    gone = "rank 0 of 2 is gone" if whom == 0 else "rank 1 of 2 was ended by SIGKILL"
    assert re.fullmatch(rf"palestra: {gone}; [\d,]+ env steps are saved; go on with: palestra train --resume .*", line)
    assert process.returncode == (-signal.SIGKILL if whom == 0 else 1)
    step = max(checkpoints.steps(run / "checkpoints"))
    going = ["train", "--resume", str(run), "--total-timesteps", str(step + 4_096), "--quiet", "--no-plots"]
    done = subprocess.run([*PALESTRA, *going], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    manifest = Run.open(run, tmp_path).manifest
    assert manifest["steps"] >= step + 4_096
    assert manifest["exact"]


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["both, by a terminal", "rank 0", "rank 1"])
def test_a_signal_stops_all_at_one_step_with_one_checkpoint(whom: str, tmp_path: Path) -> None:
    asked = [*TRAIN, "--total-timesteps", "40960", "--checkpoint-every", "1000", "--eval-every", "0"]
    whole = subprocess.run([*PALESTRA, *asked, "--out", str(tmp_path / "whole")], check=True)
    assert whole.returncode == 0
    with started([*asked, "--out", str(tmp_path), "--json"]) as process:
        run = wait_for(tmp_path, "cartpole*/metrics.db", process, 240).parent
        (other,) = children(process)
        if whom == "both, by a terminal":
            os.killpg(process.pid, signal.SIGINT)
        else:
            os.kill(process.pid if whom == "rank 0" else other, signal.SIGINT)
        out, err = process.communicate(timeout=240)
    assert process.returncode == 128 + signal.SIGINT, err
    assert "Traceback" not in err
    assert err.count("stopping after this step") == (whom != "rank 1")
    outcome = json.loads(out)
    assert (outcome["ending"], outcome["signal"]) == ("interrupted", signal.SIGINT)
    assert checkpoints.steps(run / "checkpoints") == [outcome["steps"]]
    assert 0 < outcome["steps"] < 40_960
    subprocess.run([*PALESTRA, "train", "--resume", str(run), "--quiet", "--no-plots"], check=True)
    (known,) = (path for path in (tmp_path / "whole").iterdir() if path.is_dir())
    assert differences(known, run) == []


@pytest.mark.slow
def test_torchrun_starts_them_too_and_a_resume_of_another_number_is_refused(tmp_path: Path) -> None:
    def torchrun(count: int, *words: str) -> "subprocess.CompletedProcess[str]":
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "-m"]
        command = [*launch, "palestra", *words]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    plain = [word for word in TRAIN if word not in ("--devices", "2")] + ["--set", "minibatch_size=64"]
    done = torchrun(2, *plain, "--total-timesteps", "1024", "--out", str(tmp_path / "torchrun"))
    assert done.returncode == 0, done.stderr
    (run,) = (path for path in (tmp_path / "torchrun").iterdir() if path.is_dir())
    ours = [*PALESTRA, *TRAIN, "--total-timesteps", "1024", "--out", str(tmp_path / "devices")]
    subprocess.run(ours, check=True)
    (other,) = (path for path in (tmp_path / "devices").iterdir() if path.is_dir())
    assert differences(run, other) == []  # whoever starts them
    again = ["train", "--resume", str(run), "--total-timesteps", "2048", "--quiet", "--no-plots"]
    refused = torchrun(3, *again)
    assert refused.returncode != 0
    assert "resumed with training.devices=3, and it began with 2" in refused.stderr
    done = torchrun(2, *again)
    assert done.returncode == 0, done.stderr
    assert Run.open(run, tmp_path).manifest["exact"]
