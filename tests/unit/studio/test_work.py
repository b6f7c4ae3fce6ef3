import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from palestra.errors import PalestraError, UsageError
from palestra.studio import work
from palestra.studio.work import Work

ANSWERING = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    told = {"done": asked, "root": sys.argv[1]}
    if asked["do"] == "fail":
        told = {"error": "that failed", "usage": asked["usage"]}
    if asked["do"] == "die":
        sys.exit(1)
    print(json.dumps(told), flush=True)
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    monkeypatch.setattr(work, "PROGRAM", (sys.executable, "-c", ANSWERING))
    found = Work(tmp_path)
    yield found
    found.close()


def test_it_is_started_when_it_is_needed_and_kept(made: Work) -> None:
    assert made._child is None
    assert made.ask("x", run="a") == {"do": "x", "run": "a"}
    child = made._child
    made.ask("x")
    assert made._child is child


def test_errors_are_those_of_the_workshop(made: Work) -> None:
    with pytest.raises(UsageError, match="that failed"):
        made.ask("fail", usage=True)
    with pytest.raises(PalestraError, match="that failed") as caught:
        made.ask("fail", usage=False)
    assert not isinstance(caught.value, UsageError)


def test_one_that_died_is_started_again(made: Work) -> None:
    with pytest.raises(PalestraError, match="it ended"):
        made.ask("die")
    assert made.ask("x") == {"do": "x"}


def test_one_that_nobody_needs_is_ended(made: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    made.ask("x")
    made.drop_idle()
    assert made._child is not None
    monkeypatch.setattr(work, "IDLE_SECONDS", -1.0)
    made.drop_idle()
    assert made._child is None
