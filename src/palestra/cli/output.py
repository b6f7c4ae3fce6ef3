"""What commands print: tables and sentences for people, one line of JSON for programs."""

import json
import math
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NARROW = 100
"""Terminals with fewer columns get tables with fewer columns."""
_WIDTH_OF_FILES = 140


class ParserExit(SystemExit):
    """The parser has nothing to run: help was asked for (status 0), or the arguments are wrong (status 2)."""

    def __init__(self, status: int, text: str):
        super().__init__(status)
        self.text = text
        """The help, or what is wrong in one line."""


def printable(text: str) -> str:
    """Text on one line, in which what a terminal would obey, or could not show, is written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(text.split()))


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object as one line of standard JSON: NaN and infinities become null, paths text."""
    print(json.dumps(_finite(value), allow_nan=False, default=str), flush=True)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(key): _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value


def make_console(*, stderr: bool = False) -> "Console":
    """A console that colours nothing by itself, wide where its output goes to a file and lines should stay whole."""
    from rich.console import Console  # 50 ms, and not for --help or --json

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would exit with status 1, which means something else here

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_FILES
    return QuietConsole(file=stream, highlight=False, emoji=False, width=width)


def make_table(*columns: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = ()) -> "Table":
    """A table without lines; columns in ``right`` are aligned right, those in ``whole`` never broken."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        justify: Any = "right" if column in right else "left"
        table.add_column(column, justify=justify, no_wrap=column in whole, overflow="fold")
    return table
