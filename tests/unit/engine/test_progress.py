"""The three displays."""

import io
import sys

import pytest

from palestra.engine import progress
from palestra.engine.progress import LiveBar, PlainLines, Silent, make_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_the_display_fits_where_standard_error_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_progress(False, "x", 0, 10, "steps"), Silent)
    assert isinstance(make_progress(True, "x", 0, 10, "steps"), PlainLines)
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = make_progress(True, "x", 0, 10, "steps")
    assert isinstance(bar, LiveBar)
    bar.close()


def test_plain_lines_come_every_ten_seconds_and_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = PlainLines("toss", 100, 1_100, "flips")
    for clock[0], at in ((105.0, 200), (110.0, 600), (111.0, 650), (112.0, 1_100)):
        lines.update(at, "loss 0.5")
    lines.close()
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "toss  600/1,100 flips (55%)  50/s  10 s left  loss 0.5",
        "toss  1,100/1,100 flips (100%)  83/s  loss 0.5",
    ]


def test_a_reader_who_has_gone_stops_nothing(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = PlainLines("toss", 0, 10, "flips")
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr(sys, "stderr", gone)
    clock[0] = 111.0
    lines.update(5, "")
    lines.close()


def test_the_live_bar_ends_where_training_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    bar = LiveBar("toss", 0, 1_000, "flips")
    for at in range(0, 1_001, 10):
        bar.update(at, f"return {at}")
    bar.say("a [line] of its own")
    bar.close()
    shown = terminal.getvalue()
    assert "toss  1,000 flips" in shown
    assert "a [line] of its own" in shown
    assert "100%" in shown
    assert "return 1000" in shown
