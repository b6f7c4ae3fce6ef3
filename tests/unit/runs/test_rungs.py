"""Decisions in a depot: a journal's where one comes after the other, made once, and seen by one at least of two."""

import json
import math
import multiprocessing
import random
from pathlib import Path

import pytest

from palestra.runs.depot import FolderDepot
from palestra.runs.journal import Decision, Journal
from palestra.runs.rungs import SharedRungs
from palestra.trials.sweep.halving import goes_on

FORK = multiprocessing.get_context("fork")


def rule(scores: list[float], score: float) -> bool:
    return goes_on(score, scores, "up")


@pytest.fixture
def depot(tmp_path: Path) -> FolderDepot:
    made = FolderDepot(tmp_path / "depot")
    made.make()
    return made


def test_one_after_the_other_they_are_the_journals(depot: FolderDepot, tmp_path: Path) -> None:
    rungs, rng = SharedRungs(depot, "rungs-of-it"), random.Random(0)
    with Journal(tmp_path / "journal.db") as journal:
        for _ in range(200):
            number, seed, rung = rng.randrange(20), rng.randrange(2), rng.randrange(2)
            score = rng.choice([math.nan, *map(float, range(9))])
            words = (number, seed, rung, 100 * rung, score)
            said = rungs.decide(*words, lambda scores, score=score: rule(scores, score))
            assert said == journal.decide(*words, lambda scores, score=score: rule(scores, score))
        assert rungs.decisions() == sorted(journal.decisions())
        assert {decision.goes_on for decision in rungs.decisions()} == {True, False}
    for number in range(20):
        assert rungs.decisions(number) == [each for each in rungs.decisions() if each.number == number]
    assert depot.names("other") == []
    rungs.clear()
    assert (rungs.decisions(), depot.names("rungs-of-it")) == ([], [])


def test_a_decision_is_made_once_and_an_empty_one_is_none(depot: FolderDepot) -> None:
    rungs = SharedRungs(depot, "it")
    assert rungs.decide(0, 0, 0, 10, 5.0, lambda scores: scores == [5.0])
    assert rungs.decide(0, 0, 0, 10, 5.0, lambda scores: pytest.fail("decided again"))
    rungs.keep(Decision(0, 0, 0, 10, 5.0, False))
    assert rungs.decisions() == [Decision(0, 0, 0, 10, 5.0, True)]
    for left in ("came", "said"):  # by somebody who was killed as they were written
        depot.create(f"it/{left}/0/0/1", b"")
    assert len(rungs.decisions()) == 1
    assert not rungs.decide(1, 0, 0, 10, 4.0, lambda scores: rule(scores, 4.0))
    assert json.loads(depot.get("it/said/0/0/1") or b"")["score"] == 4.0


def _decides(root: Path, number: int) -> None:
    rungs = SharedRungs(FolderDepot(root), "it")
    seen: list[list[float]] = []
    rungs.decide(number, 0, 0, 1, float(number), lambda scores: bool(seen.append(sorted(scores))))
    (root / f"seen-{number}").write_text(json.dumps(seen[0]))


def test_of_all_who_come_at_once_the_last_sees_everybody(depot: FolderDepot) -> None:
    processes = [FORK.Process(target=_decides, args=(depot.root, number)) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    seen = [json.loads((depot.root / f"seen-{number}").read_text()) for number in range(8)]
    assert all(float(number) in mine for number, mine in enumerate(seen))
    for one in range(8):
        for other in range(one):
            assert float(other) in seen[one] or float(one) in seen[other]
    assert sorted(range(8)) in [[int(score) for score in mine] for mine in seen]


@pytest.mark.parametrize("first", ["journal", "rungs"])
def test_decisions_are_carried_both_ways(depot: FolderDepot, tmp_path: Path, first: str) -> None:
    made = [Decision(2, 0, 0, 10, 1.5, True), Decision(2, 0, 1, 30, None, False)]
    rungs = SharedRungs(depot, "it")
    with Journal(tmp_path / "journal.db") as journal:
        one, other = (journal, rungs) if first == "journal" else (rungs, journal)
        for decision in made:
            one.keep(decision)
        for decision in one.decisions():
            other.keep(decision)
            other.keep(decision)  # harmless
        assert sorted(other.decisions()) == made
