"""A sweep's journal: rows stay in order, a decision is made once, and damage is said."""

import math
import multiprocessing
import sqlite3
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from kills import kill_soon

from palestra.errors import PalestraError
from palestra.runs.files import UnreadableError
from palestra.runs.journal import Journal

FORK = multiprocessing.get_context("fork")


def best(scores: Sequence[float]) -> bool:
    return scores[-1] == max(scores)


def test_what_is_noted_is_there_again_in_order(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.db") as journal:
        for number in (0, 2, 1):
            journal.ask(number, {"learner.gamma": 0.1 * number, "sizes": [8, number]})
        journal.tell(2, 7.5, {"path": "there"})
        journal.tell(0, None, {"error": "it fell"})
        journal.tell(1, math.nan, {"values": [math.nan]})
        journal.tell(0, 3.0, {"error": None})
        with pytest.raises(PalestraError):
            journal.ask(2, {})  # a suggestion is never another one
    with Journal(tmp_path / "journal.db") as journal:
        assert journal.asked()[2] == {"learner.gamma": 0.2, "sizes": [8, 2]}
        assert list(journal.asked()) == [0, 1, 2]
        told = journal.told()
    assert [(each.number, each.score) for each in told] == [(2, 7.5), (1, None), (0, 3.0)]
    assert told[0].facts == {"path": "there"}


def test_a_decision_is_made_once_and_of_its_own_rung_and_seed(tmp_path: Path) -> None:
    seen: list[list[float]] = []

    def rule(scores: Sequence[float]) -> bool:
        seen.append(list(scores))
        return best(scores)

    with Journal(tmp_path / "journal.db") as journal:
        assert journal.decide(0, 0, 0, 100, 5.0, rule)
        assert not journal.decide(1, 0, 0, 100, 4.0, rule)
        assert journal.decide(2, 0, 0, 100, 6.0, rule)
        assert journal.decide(0, 0, 0, 100, 5.0, rule)  # as it was decided, though 6 is there now
        assert journal.decide(1, 1, 0, 100, 1.0, rule)
        assert journal.decide(1, 0, 1, 300, 2.0, rule)
        assert not journal.decide(3, 0, 0, 100, math.nan, rule)
        assert not journal.decide(4, 0, 0, 100, 1.0, rule)
    assert seen == [[5.0], [5.0, 4.0], [5.0, 4.0, 6.0], [1.0], [2.0], [5.0, 4.0, 6.0, 1.0]]
    with Journal(tmp_path / "journal.db") as journal:
        decisions = journal.decisions()
    assert [each.goes_on for each in decisions] == [True, False, True, True, True, False, False]
    assert decisions[5] == (3, 0, 0, 100, None, False)


def deciding(folder: Path, first: int, report: Connection) -> None:
    with Journal(folder / "journal.db") as journal:
        for i in range(20):
            journal.decide(first + i, 0, 0, 1, float(first + i), lambda scores: len(scores) % 3 == 0)
    report.send(first)


def test_many_who_decide_at_once_see_one_order(tmp_path: Path) -> None:
    ours, theirs = FORK.Pipe(duplex=False)
    workers = [FORK.Process(target=deciding, args=(tmp_path, 100 * i, theirs)) for i in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert [each.exitcode for each in workers] == [0, 0, 0]
    assert ours.poll()
    with Journal(tmp_path / "journal.db") as journal:
        decisions = journal.decisions()
    assert len({each.number for each in decisions}) == len(decisions) == 60
    assert [each.goes_on for each in decisions] == [place % 3 == 2 for place in range(60)]


def noting(folder: Path, report: Connection) -> None:
    with Journal(folder / "journal.db") as journal:
        start = len(journal.told())
        for number in range(start, start + 10_000):
            journal.ask(number, {"x": number})
            journal.tell(number, float(number), {})
            report.send(number)


def test_what_was_noted_survives_kills(tmp_path: Path) -> None:
    for i in range(5):
        last = kill_soon(noting, tmp_path, 0.004 * i)
        with Journal(tmp_path / "journal.db") as journal:
            told, asked = journal.told(), journal.asked()
        assert [each.number for each in told] == list(range(len(told)))
        assert len(told) > last
        assert len(told) <= len(asked) <= len(told) + 1
        if len(asked) > len(told):  # the kill was between the two; what was asked for is told next
            with Journal(tmp_path / "journal.db") as journal:
                journal.tell(len(told), 0.0, {})


def test_damage_and_links_are_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(UnreadableError, match=r"journal.db is damaged"):
        Journal(path)
    path.unlink()
    with Journal(path) as journal:
        journal.ask(0, {})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE asked SET settings = '[1'")
    with Journal(path) as journal, pytest.raises(UnreadableError, match="is not JSON"):
        journal.asked()
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(UnreadableError, match="leads out of"):
        Journal(path)
