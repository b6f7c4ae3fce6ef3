import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.studio import sessions
from palestra.studio.child import GoneError
from palestra.studio.folder import NotThereError
from palestra.studio.sessions import Sessions

ECHO = (sys.executable, str(Path(__file__).parents[2] / "toys" / "echoing.py"))


@pytest.fixture
def made() -> Iterator[Sessions]:
    found = Sessions(("bandit", "gridworld"), ECHO)
    yield found
    found.close_all()


def test_a_playground_is_a_program_with_its_name(made: Sessions) -> None:
    opened = made.start("bandit", {"arms": 3})
    assert opened["frame"] == {"said": {"do": "start", "settings": {"arms": 3}}, "name": ["bandit"]}
    assert made.ask(opened["id"], {"do": "step"})["said"] == {"do": "step"}
    made.close(opened["id"])
    made.close(opened["id"])
    with pytest.raises(NotThereError, match="was closed"):
        made.ask(opened["id"], {"do": "step"})


def test_it_is_told_where_the_runs_are(tmp_path: Path) -> None:
    made = Sessions(("arm",), ECHO, tmp_path)
    assert made.start("arm", {})["frame"]["name"] == ["arm", str(tmp_path)]
    made.close_all()


@pytest.mark.parametrize("name", ["", "bandits", "../bandit", "-c"])
def test_only_what_there_is_is_started(made: Sessions, name: str) -> None:
    with pytest.raises(NotThereError, match="expected one of bandit, gridworld"):
        made.start(name, {})


def test_wrong_settings_leave_nothing_open(made: Sessions) -> None:
    with pytest.raises(UsageError, match="wrong=1; expected none"):
        made.start("bandit", {"wrong": True})
    assert made._open == {}


def test_one_that_ended_is_closed(made: Sessions) -> None:
    opened = made.start("bandit", {})
    with pytest.raises(GoneError):
        made.ask(opened["id"], {"do": "end"})
    with pytest.raises(NotThereError):
        made.ask(opened["id"], {})


def test_there_are_a_few_at_most_and_none_that_nobody_uses(made: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_AT_ONCE", 2)
    first, second = made.start("bandit", {})["id"], made.start("gridworld", {})["id"]
    made.ask(first, {})
    third = made.start("bandit", {})["id"]
    assert set(made._open) == {first, third}, "the second was used least lately"
    assert second not in made._open
    monkeypatch.setattr(sessions, "IDLE_SECONDS", -1.0)
    made.drop_idle()
    assert made._open == {}
