import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from palestra.studio.child import Child, GoneError

ECHO = (sys.executable, str(Path(__file__).parents[2] / "toys" / "echoing.py"))


@pytest.fixture
def started() -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def start(**words: float) -> Child:
        made.append(Child(ECHO, **words))
        return made[-1]

    yield start
    for each in made:
        each.close()


def gone(pid: int) -> bool:
    """Whether a process ended, or is about to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_line_is_answered_by_a_line(started: Callable[..., Child]) -> None:
    child = started()
    assert child.ask({"x": "ü\n"})["said"] == {"x": "ü\n"}
    long = {"text": "y" * 300_000}
    assert child.ask(long)["said"] == long
    assert child.ask({"do": "large", "size": 3_000_000}) == "x" * 3_000_000
    assert child.alive


def test_askers_wait_their_turn(started: Callable[..., Child]) -> None:
    child, said = started(), dict[int, object]()
    askers = [threading.Thread(target=lambda i=i: said.update({i: child.ask({"n": i})["said"]["n"]})) for i in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert said == {i: i for i in range(8)}


def test_one_that_ends_says_its_last_word(started: Callable[..., Child]) -> None:
    child = started()
    with pytest.raises(GoneError, match="it ended: the last word"):
        child.ask({"do": "end"})
    assert not child.alive
    with pytest.raises(GoneError):
        child.ask({})


def test_one_that_does_not_answer_is_ended(started: Callable[..., Child]) -> None:
    child = started(seconds=2.0)
    child.ask({})
    with pytest.raises(GoneError, match="no answer within 2 s"):
        child.ask({"do": "sleep", "seconds": 60})
    assert not child.alive


def test_nothing_that_it_started_is_left(started: Callable[..., Child]) -> None:
    child = started()
    pid = child.ask({"do": "child"})["pid"]
    os.kill(pid, 0)
    child.close()
    deadline = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gone(pid)
    child.close()
