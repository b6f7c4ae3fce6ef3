"""The process of one trial: its signs of life, its one answer, and how it ends or wakes when it is left."""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from quick import QUICK

from palestra.trials import worker
from palestra.trials.trial import Result, Trial


@contextmanager
def asked(folder: Path, *, left: bool = False) -> Iterator[tuple[int, int]]:
    """A worker of which ``attempt`` only talks, forked from here, and left at once: where it listens and answers."""
    (listens, asks), (answers, says) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(asks)
        os.dup2(listens, 0)
        os.dup2(says, 1)
        os.dup2(os.open(folder / "talk", os.O_WRONLY | os.O_CREAT), 2)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv = ["worker"]
        worker.attempt = talking
        try:
            worker.main()
        finally:
            os._exit(0)  # this is a test no more
    os.close(listens)
    os.close(says)
    os.write(asks, json.dumps({"trial": Trial(QUICK, 3).to_json(), "folder": str(folder)}).encode() + b"\n")
    try:
        if left:
            os.close(asks)
        yield asks, answers
    finally:
        os.waitpid(pid, 0)
        os.close(answers)


def talking(trial: Trial, folder: Path) -> Result:
    print("a world talks", flush=True)
    return Result(trial.seed, 7.0, run=str(folder))


def everything(descriptor: int) -> str:
    said = b""
    while more := os.read(descriptor, 1 << 16):
        said += more
    return said.decode()


def test_it_answers_in_one_line_whatever_is_printed(tmp_path: Path) -> None:
    with asked(tmp_path) as (asks, answers):
        said = everything(answers)
        os.close(asks)
    assert said.startswith("\n")  # a sign of life
    assert Result(**json.loads(said)) == Result(3, 7.0, run=str(tmp_path))
    assert (tmp_path / "talk").read_text() == "a world talks\n"


def test_one_that_is_left_before_it_begins_begins_nothing(tmp_path: Path) -> None:
    with asked(tmp_path, left=True) as (_, answers):
        said = everything(answers)
    assert said.strip() == ""
    assert (tmp_path / "talk").read_text() == ""


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
        woke[asks] = bool(select.select([ours], [], [], 30.0 if asks else 0.3)[0]) and os.read(ours, 64) == b"awake\n"
        if not woke[asks]:
            os.kill(child, signal.SIGKILL)
        os.close(ours)
    assert woke == {True: True, False: False}
