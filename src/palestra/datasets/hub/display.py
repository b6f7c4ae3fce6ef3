"""What a person sees while data are fetched: a bar on a terminal, and a line for what came of it."""

import sys
from contextlib import suppress
from typing import Any, Protocol

from palestra.datasets.hub.content import megabytes


class Display(Protocol):
    """Shows how far a download is."""

    def begin(self, what: str) -> None:
        """Another file is being fetched."""

    def at(self, done: int, total: int) -> None:
        """So many bytes of so many have arrived."""

    def say(self, line: str) -> None:
        """Print a line."""

    def close(self) -> None:
        """Leave the terminal as it should stay."""


class Silent:
    """Shows nothing."""

    def begin(self, what: str) -> None:
        """Nothing."""

    def at(self, done: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Lines:
    """Lines on standard error, for logs and pipes; no bar."""

    def begin(self, what: str) -> None:
        """Nothing: what comes of it is said."""

    def at(self, done: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Print it."""
        with suppress(OSError, ValueError):  # nobody reads it any more, or it is closed
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing."""


class Bar:
    """A bar with bytes, speed and the time left, while there is something to wait for."""

    def __init__(self) -> None:
        from rich import progress  # 60 ms, and only where there is a terminal
        from rich.console import Console

        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=None),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            refresh_per_second=8,
            transient=True,
            expand=True,
        )
        self._task: Any = None

    def begin(self, what: str) -> None:
        """A fresh bar."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=None)
        self._bar.start()

    def at(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total)

    def say(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def make_display(show: bool = True) -> Display:
    """The display that fits where standard error goes."""
    if not show:
        return Silent()
    return Bar() if sys.stderr.isatty() else Lines()


def spoken(name: str, source: str, fetched: int, size: int) -> str:
    """The line for a data set that has come."""
    cost = f"{megabytes(fetched)} fetched" if fetched else "nothing fetched"
    return f"{name}: from {source}, {cost}, {megabytes(size)} with the right SHA-256"
