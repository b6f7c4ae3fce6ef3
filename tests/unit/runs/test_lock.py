"""One process writes in a run folder, and asking who does disturbs nobody."""

import fcntl
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.runs.lock import LOCK_NAME, RunLock, is_locked

FORK = multiprocessing.get_context("fork")


def test_a_second_one_is_refused_by_the_pid_of_the_first(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)  # there is no lock to ask yet
    lock = RunLock(tmp_path)
    assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"
    assert is_locked(tmp_path)
    with pytest.raises(UsageError, match=rf"being trained by another process \(pid {os.getpid()}\)"):
        RunLock(tmp_path)
    lock.release()
    lock.release()  # harmless
    assert not is_locked(tmp_path)
    RunLock(tmp_path).release()


def test_two_who_ask_do_not_see_each_other(tmp_path: Path) -> None:
    RunLock(tmp_path).release()
    with (tmp_path / ".lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not is_locked(tmp_path)


def test_asking_does_not_disturb_a_writer(tmp_path: Path) -> None:
    """is_locked takes a shared lock for an instant; a writer that comes just then must still get in."""

    def ask(report: Connection) -> None:
        report.send(None)
        while True:
            is_locked(tmp_path)

    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=ask, args=(theirs,))
    RunLock(tmp_path).release()
    child.start()
    ours.recv()
    try:
        for _ in range(300):
            RunLock(tmp_path).release()
    finally:
        child.kill()
        child.join()


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("mine")
    (tmp_path / LOCK_NAME).symlink_to(foreign)
    assert not is_locked(tmp_path)
    with pytest.raises(OSError, match="symbolic links"):
        RunLock(tmp_path)
    assert foreign.read_text() == "mine"
    (tmp_path / LOCK_NAME).unlink()
    os.mkfifo(tmp_path / LOCK_NAME)
    assert not is_locked(tmp_path)
    RunLock(tmp_path).release()
