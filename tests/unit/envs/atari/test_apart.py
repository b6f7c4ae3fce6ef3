"""Rows in processes of their own: what they answer, how one that is gone is named, and that none is left behind."""

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")

from palestra.envs.atari.apart import RowApart  # noqa: E402 - needs ale-py
from palestra.envs.atari.row import Row, make_results  # noqa: E402
from palestra.envs.atari.settings import AtariSettings  # noqa: E402
from palestra.errors import PalestraError  # noqa: E402

SETTINGS = AtariSettings(size=42)


def test_it_plays_what_a_row_here_plays() -> None:
    here, there = make_results(2, SETTINGS), make_results(2, SETTINGS)
    row, apart = Row("breakout", SETTINGS, 1, here), RowApart("breakout", SETTINGS, 1, there)
    row.reset(3)
    apart.ask("reset", 3)
    assert apart.answer() is None
    for number in range(20):
        here.action[...] = there.action[...] = [number % 4, 2]
        row.step()
        apart.ask("step")
        apart.answer()
        assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))
    assert here.picture.any()
    apart.ask("save")
    assert [state["score"] for state in apart.answer()] == [state["score"] for state in row.save()]
    apart.close()
    assert apart.process.exitcode == 0


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next_one() -> None:
    apart = RowApart("breakout", SETTINGS, 0, make_results(1, SETTINGS))
    apart.ask("reset", 0)
    apart.ask("save")
    (state,) = apart.answer()
    assert state["begun"] == 0
    apart.close()


def test_it_ends_when_it_is_closed_or_forgotten_whatever_was_made_after_it() -> None:
    closed, forgotten, last = (RowApart("breakout", SETTINGS, 0, make_results(1, SETTINGS)) for _ in range(3))
    closed.close()
    assert closed.process.exitcode == 0
    process = forgotten.process
    del forgotten
    process.join(60)
    assert process.exitcode == 0
    last.close()


def test_one_that_is_gone_is_named() -> None:
    apart = RowApart("breakout", SETTINGS, 2, make_results(2, SETTINGS))
    apart.process.kill()
    apart.process.join()
    with pytest.raises(PalestraError, match="the process of copies 2 to 3 of breakout was ended by signal 9; expected"):
        apart.ask("reset", 0)
    apart.close()


def test_they_end_with_the_process_that_made_them() -> None:
    forked = multiprocessing.get_context("fork")
    told, telling = forked.Pipe()
    owner = forked.Process(target=_own_two, args=(telling,))
    owner.start()
    pids = told.recv()
    assert all(map(_lives, pids))
    owner.kill()
    owner.join()
    deadline = time.monotonic() + 60
    while any(map(_lives, pids)):
        assert time.monotonic() < deadline, pids
        time.sleep(0.02)


def _own_two(telling: Connection) -> None:
    rows = [RowApart("breakout", SETTINGS, first, make_results(1, SETTINGS)) for first in range(2)]
    for row in rows:
        row.ask("reset", 0)
        row.answer()
    telling.send([row.process.pid for row in rows])
    time.sleep(120)


def _lives(pid: int) -> bool:
    """Whether a process is there, and more than a name that nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
