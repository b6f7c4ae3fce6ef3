"""From argv to typed arguments, and the checks that commands share."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from palestra.envs.ids import import_module
from palestra.errors import UsageError

Args = TypeVar("Args")

Switch = tyro.conf.FlagCreatePairsOff[bool]
"""A flag that is only ever turned on: no ``--no-json`` beside ``--json``."""
Imports = Annotated[
    tyro.conf.UseAppendAction[tuple[str, ...]],
    tyro.conf.arg(
        name="import",
        metavar="MODULE",
        help="A module of yours that registers environments, from the current directory or installed; may be repeated.",
        help_behavior_hint="",
    ),
]
"""Modules to import before anything else. They are typed each time; no run remembers them."""


def parse(arguments: type[Args], argv: Sequence[str], command: str, description: str | None = None) -> Args:
    """Parse a command's argv into its dataclass. Help and bad usage end in SystemExit (status 0 and 2).

    The description is the dataclass's docstring if None. What its field ``imports`` names is imported.
    """
    config = (tyro.conf.DisallowNone,)
    args = tyro.cli(arguments, args=list(argv), prog=f"palestra {command}", description=description, config=config)
    for module in getattr(args, "imports", ()):
        import_module(module)
    return args


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """``["gamma=0.98"]`` as ``{"gamma": "0.98"}``; the last one wins."""
    out = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {pair}; expected KEY=VALUE, e.g. --set gamma=0.99")
        out[key.strip()] = value.strip()
    return out


def json_object(text: str | None, option: str) -> dict[str, Any] | None:
    """The object that an option's JSON text stands for."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{option} {text}; expected a JSON object, e.g. {option} '{{\"gravity\": 9.8}}'")
    return value


def check_writable(folder: Path) -> None:
    """Raise UsageError unless files can be written into a folder, or the folder created. Leaves nothing behind."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        if not there.is_dir():
            raise NotADirectoryError(20, "Not a directory")
        with tempfile.NamedTemporaryFile(dir=there, prefix=".palestra-"):
            pass
    except OSError as error:
        raise UsageError(
            f"--out {folder} cannot be written ({there}: {error.strerror}); choose a folder that is yours"
        ) from error


def check_is_saved(path_or_id: str, out: Path) -> None:
    """Raise UsageError for a folder in which nothing was saved; any other name is left to who looks it up."""
    places = (Path(path_or_id), out / path_or_id)
    if any(place.exists() for place in places) and not any((place / "config.json").is_file() for place in places):
        raise UsageError(f"{path_or_id} holds no run (no config.json in it); expected a run's folder or its id")
