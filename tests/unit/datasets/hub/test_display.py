"""A bar on a terminal, lines elsewhere, nothing where nothing is wanted."""

import io
import sys

import pytest

from palestra.datasets.hub.display import Bar, Display, Lines, Silent, make_display, spoken


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def shown(display: Display) -> None:
    display.begin("toy from a shop")
    display.at(500_000, 1_000_000)
    display.begin("toy from another")
    display.at(1_000_000, 1_000_000)
    display.say("toy: there")
    display.close()


def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    display = make_display()
    assert isinstance(display, Bar)
    shown(display)
    assert "toy: there" in terminal.getvalue()
    assert "1.0 MB" in terminal.getvalue()


def test_a_file_sees_lines(capsys: pytest.CaptureFixture[str]) -> None:
    display = make_display()
    assert isinstance(display, Lines)
    shown(display)
    assert capsys.readouterr().err == "toy: there\n"


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    display = make_display(show=False)
    assert isinstance(display, Silent)
    shown(display)
    assert capsys.readouterr() == ("", "")


def test_what_is_said_of_it() -> None:
    assert spoken("toy", "a shop", 11_496_804, 55_000_000) == (
        "toy: from a shop, 11.5 MB fetched, 55.0 MB with the right SHA-256"
    )
    assert "nothing fetched" in spoken("toy", "/usr/share", 0, 9)
