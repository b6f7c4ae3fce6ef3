"""From argv to typed arguments, and the checks that commands share."""

import io
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from palestra.cli.output import ParserExit, printable
from palestra.envs.modules import import_module
from palestra.errors import UsageError

Args = TypeVar("Args")

ADHOC_BUDGET = 100_000
"""Environment steps of a training without a recipe."""
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
PoolName = Annotated[
    str,
    tyro.conf.arg(
        metavar="POOL",
        help="Where they are trained: local, or local:N for N side by side; together, or together:N, as one batch in"
        " this process (small networks and tables); ray, ray:ADDRESS, slurm, slurm:PARTITION. Of the last two, @FOLDER"
        " or @URL names what the machines have in common, if not the folder of the runs.",
    ),
]
"""The name of a pool (``trials.opening``)."""


def parse(arguments: type[Args], argv: Sequence[str], command: str, description: str | None = None) -> Args:
    """Parse a command's argv into its dataclass. Help and bad usage end in ParserExit (status 0 and 2).

    What is wrong is said in one line on standard error; help is printed, but for ``--json`` left to who catches it. The
    description is the dataclass's docstring if None. What its field ``imports`` names is imported.
    """
    prog, said = f"palestra {command}", io.StringIO()
    config = (tyro.conf.DisallowNone,)
    try:
        with redirect_stderr(said), redirect_stdout(said) if "--json" in argv else nullcontext():
            args = tyro.cli(
                arguments, args=list(argv), prog=prog, description=description, config=config, registry=_READERS
            )
    except SystemExit as ending:
        if not ending.code:
            raise ParserExit(0, said.getvalue()) from None
        line = f"{_one_line(said.getvalue())}; see {prog} --help"
        print(f"palestra: {printable(line)}", file=sys.stderr)
        raise ParserExit(2, line) from None
    for module in getattr(args, "imports", ()):
        import_module(module)
    return args


_READERS = tyro.constructors.ConstructorRegistry()


@_READERS.primitive_rule
def _integers(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec[int] | None:
    """Integers may be written as ``1e6`` too."""
    if info.type is not int:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="INT",
        instance_from_str=lambda args: _whole(args[0]),
        is_instance=lambda value: type(value) is int,
        str_from_instance=lambda value: [str(value)],
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise ValueError(f"{text} is no integer") from None
        return int(value)


_BORDER = re.compile(r"[╭╰+] ?[─-].*|[─-]+")
_HELP = ("Argument helptext", "For full helptext", "Perhaps you meant")
_UNREAD = re.compile(r"Error parsing (\S+): no type matching (\S+) could be instantiated from \[(.*?)\].*")


def _one_line(box: str) -> str:
    """What the parser says in a frame of several lines, without the help that it repeats."""
    sections: list[list[str]] = [[]]
    for line in box.splitlines():
        inner = line.strip().strip("│|").strip()
        if _BORDER.fullmatch(inner):
            sections.append([])
        elif inner:
            sections[-1].append(inner)
    told = [" ".join(section) for section in sections if section]
    if "╭" not in box:  # its title stands alone, where the frame cannot be drawn
        del told[0]
    told = [_UNREAD.sub(r"\1 \3; expected \2", text).strip().rstrip(".") for text in told]
    return "; ".join(text for text in told if not text.startswith(_HELP))


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


def check_writable(folder: Path, option: str = "--out") -> None:
    """Raise UsageError unless files can be written into a folder, or the folder created. Leaves nothing behind."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        if not there.is_dir():
            raise NotADirectoryError(20, "Not a directory")
        with tempfile.NamedTemporaryFile(dir=there, prefix=".palestra-"):
            pass
    except OSError as error:
        raise UsageError(
            f"{option} {folder} cannot be written ({there}: {error.strerror}); choose a folder that is yours"
        ) from error


def check_is_saved(path_or_id: str, out: Path) -> None:
    """Raise UsageError for a folder in which nothing was saved; any other name is left to who looks it up."""
    places = (Path(path_or_id), out / path_or_id)
    if any(place.exists() for place in places) and not any((place / "config.json").is_file() for place in places):
        raise UsageError(f"{path_or_id} holds no run (no config.json in it); expected a run's folder or its id")
