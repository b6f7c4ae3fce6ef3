"""What a person sees while training runs: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Protocol


class Progress(Protocol):
    """Shows how far training is."""

    def update(self, clock: int, headline: str) -> None:
        """Training is at ``clock``; ``headline`` is its best-known figure in words."""

    def say(self, line: str) -> None:
        """Print a line without disturbing the display."""

    def close(self) -> None:
        """Leave the terminal as it should stay."""


class Silent:
    """Shows nothing."""

    def update(self, clock: int, headline: str) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class PlainLines:
    """A line every ten seconds, for logs and pipes."""

    def __init__(self, name: str, start: int, budget: int, unit: str):
        self._name, self._start, self._budget, self._unit = name, start, budget, unit
        self._began = time.monotonic()
        self._next = self._began + 10.0

    def update(self, clock: int, headline: str) -> None:
        """A line if the last one is ten seconds old."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 10.0
            self.say(self._line(clock, headline, now))

    def say(self, line: str) -> None:
        """Print to standard error."""
        print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing to clean up."""

    def _line(self, clock: int, headline: str, now: float) -> str:
        rate = (clock - self._start) / max(now - self._began, 1e-9)
        left = (self._budget - clock) / rate if rate else float("inf")
        share = clock / self._budget
        return (
            f"{self._name}  {clock:,}/{self._budget:,} {self._unit} ({share:.0%})  "
            f"{rate:,.0f}/s  {left:.0f} s left  {headline}"
        )


class LiveBar:
    """A rich progress bar with speed, time left and the headline."""

    def __init__(self, name: str, start: int, budget: int, unit: str):
        from rich import progress as rich_progress
        from rich.console import Console

        self._bar = rich_progress.Progress(
            rich_progress.TextColumn("[bold]{task.description}"),
            rich_progress.BarColumn(bar_width=24),
            rich_progress.TaskProgressColumn(),
            rich_progress.TextColumn("{task.fields[rate]}"),
            rich_progress.TimeRemainingColumn(compact=True),
            rich_progress.TextColumn("[cyan]{task.fields[headline]}"),
            console=Console(stderr=True),
            refresh_per_second=8,
        )
        self._task = self._bar.add_task(name, total=budget, completed=start, rate="", headline="")
        self._start, self._unit = start, unit
        self._began = time.monotonic()
        self._next = 0.0
        self._bar.start()

    def update(self, clock: int, headline: str) -> None:
        """Move the bar, at most ten times a second."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + 0.1
        self._show(clock, headline, now)

    def _show(self, clock: int, headline: str, now: float) -> None:
        rate = (clock - self._start) / max(now - self._began, 1e-9)
        self._clock, self._headline = clock, headline
        self._bar.update(self._task, completed=clock, rate=f"{rate:,.0f} {self._unit}/s", headline=headline)

    def say(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, highlight=False)

    def close(self) -> None:
        """Freeze the bar where it is."""
        self._bar.stop()


def make_progress(show: bool, name: str, start: int, budget: int, unit: str) -> Progress:
    """The display that fits where standard error goes."""
    if not show:
        return Silent()
    if sys.stderr.isatty():
        return LiveBar(name, start, budget, unit)
    return PlainLines(name, start, budget, unit)
