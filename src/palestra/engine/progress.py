"""What a person sees while training runs: a live bar on a terminal, plain lines elsewhere.

A display never stops a training: where it cannot be written any more, it falls silent.
"""

import sys
import time
from contextlib import suppress
from typing import Protocol

SECONDS_BETWEEN_LINES = 10.0
"""Of plain lines; a log of a day should stay short."""


class Progress(Protocol):
    """Shows how far training is."""

    def update(self, clock: int, headline: str) -> None:
        """Training is at ``clock``; ``headline`` is its best-known figure in words."""

    def say(self, line: str) -> None:
        """Print a line without disturbing the display."""

    def close(self) -> None:
        """Show the last state and leave the terminal as it should stay."""


class Silent:
    """Shows nothing."""

    def update(self, clock: int, headline: str) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class PlainLines:
    """A line every ten seconds and one at the end, for logs and pipes."""

    def __init__(self, name: str, start: int, budget: int, unit: str):
        self._name, self._start, self._budget, self._unit = name, start, budget, unit
        self._began = time.monotonic()
        self._next = self._began + SECONDS_BETWEEN_LINES
        self._last: tuple[int, str] | None = None

    def update(self, clock: int, headline: str) -> None:
        """A line if the last one is ten seconds old."""
        self._last = (clock, headline)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SECONDS_BETWEEN_LINES
            self.say(self._line(now))

    def say(self, line: str) -> None:
        """Print to standard error."""
        with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """The line of the last state."""
        if self._last is not None:
            self.say(self._line(time.monotonic()))
            self._last = None

    def _line(self, now: float) -> str:
        assert self._last is not None
        clock, headline = self._last
        rate = (clock - self._start) / max(now - self._began, 1e-9)
        share = min(1.0, clock / self._budget)
        left = max(0, self._budget - clock) / rate if rate else float("inf")
        remaining = f"{left:,.0f} s left  " if left else ""
        return (
            f"{self._name}  {clock:,}/{self._budget:,} {self._unit} ({share:.0%})  {rate:,.0f}/s  {remaining}{headline}"
        ).rstrip()


class LiveBar:
    """A rich progress bar with speed, time left and the headline; the name stands on a line above it."""

    def __init__(self, name: str, start: int, budget: int, unit: str):
        from rich import progress as rich_progress  # 60 ms, and only where there is a terminal
        from rich.console import Console

        self._bar = rich_progress.Progress(
            rich_progress.BarColumn(bar_width=None),
            rich_progress.TaskProgressColumn(),
            rich_progress.TextColumn("{task.fields[rate]}"),
            rich_progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            rich_progress.TextColumn("[cyan]{task.fields[headline]}"),
            console=Console(stderr=True),
            refresh_per_second=8,
            expand=True,
        )
        self._task = self._bar.add_task(name, total=budget, completed=start, rate="", headline="")
        self._start, self._budget = start, budget
        self._began = time.monotonic()
        self._next = 0.0
        self._last: tuple[int, str] | None = None
        self.say(f"{name}  {budget:,} {unit}")
        self._bar.start()

    def update(self, clock: int, headline: str) -> None:
        """Move the bar, at most ten times a second."""
        self._last = (clock, headline)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._show(now)

    def say(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Show the last state and freeze the bar there."""
        if self._last is not None:
            self._show(time.monotonic())
        self._bar.stop()

    def _show(self, now: float) -> None:
        assert self._last is not None
        clock, headline = self._last
        rate = (clock - self._start) / max(now - self._began, 1e-9)
        self._bar.update(self._task, completed=min(clock, self._budget), rate=f"{rate:,.0f}/s", headline=headline)


def make_progress(show: bool, name: str, start: int, budget: int, unit: str) -> Progress:
    """The display that fits where standard error goes."""
    if not show:
        return Silent()
    if sys.stderr.isatty():
        return LiveBar(name, start, budget, unit)
    return PlainLines(name, start, budget, unit)
