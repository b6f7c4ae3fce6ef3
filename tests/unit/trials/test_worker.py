"""The process of one trial: its signs of life, its one answer, and how it wakes when it is left."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from quick import QUICK

from palestra.trials import worker
from palestra.trials.trial import Result, Trial

TALKING = """
import json, sys
from palestra.trials import worker
from palestra.trials.trial import Result

def attempt(trial, folder):
    print("a world talks", flush=True)
    return Result(trial.seed, 7.0, run=str(folder))

worker.attempt = attempt
worker.main()
"""


def test_it_answers_in_one_line_whatever_is_printed(tmp_path: Path) -> None:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", TALKING], text=True, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps({"trial": Trial(QUICK, 3).to_json(), "folder": str(tmp_path)}) + "\n")
        process.stdin.flush()
        said = process.stdout.read()
        assert "a world talks" in process.stderr.read()
    assert said.startswith("\n")  # a sign of life
    assert Result(**json.loads(said)) == Result(3, 7.0, run=str(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's prctl")
def test_one_that_is_frozen_wakes_when_it_is_left(tmp_path: Path) -> None:
    """A child that is stopped and whose parent is killed goes on by itself; without the call it never would."""
    woke = {}
    for asks in (True, False):
        ours, theirs = os.pipe()
        parent = os.fork()
        if parent == 0:
            child = os.fork()
            if child == 0:
                if asks:
                    worker.wake_when_left()
                os.write(theirs, b"%d\n" % os.getpid())
                os.kill(os.getpid(), signal.SIGSTOP)
                os.write(theirs, b"awake\n")
                os._exit(0)
            time.sleep(60)
            os._exit(0)
        os.close(theirs)
        child = int(os.read(ours, 64))
        deadline = time.monotonic() + 30
        while Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        os.set_blocking(ours, False)
        time.sleep(0.3)
        try:
            woke[asks] = os.read(ours, 64) == b"awake\n"
        except BlockingIOError:
            woke[asks] = False
            os.kill(child, signal.SIGKILL)
        os.close(ours)
    assert woke == {True: True, False: False}


def test_one_that_is_left_before_it_begins_begins_nothing(tmp_path: Path) -> None:
    request = json.dumps({"trial": Trial(QUICK, 3).to_json(), "folder": str(tmp_path)})
    words = {"input": f"{request}\n", "capture_output": True, "text": True, "check": True}
    done = subprocess.run([sys.executable, "-m", "palestra.trials.worker"], **words)
    assert done.stdout.strip() == ""
    assert list(tmp_path.iterdir()) == []
