"""The command ``palestra``: finds the command that was asked for and turns what it raises into one line and a status.

Exit status: 0 done, 1 the claim or a check failed or something could not be done, 2 bad usage, 128 + n after signal n.
A command's module is imported only when it is called, so that ``palestra --help`` costs nothing.
"""

import importlib
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

from palestra import __version__
from palestra.cli.output import print_json
from palestra.errors import PalestraError, UsageError, unknown_name

COMMANDS = {
    "list": ("palestra.cli.list", "the recipes, each a complete training with a name"),
    "show": ("palestra.cli.show", "everything about a recipe: settings, their meaning, its claim"),
    "train": ("palestra.cli.train", "train a recipe, or any algorithm on any environment"),
    "eval": ("palestra.cli.eval", "measure a trained agent over whole episodes"),
    "play": ("palestra.cli.play", "film a trained agent"),
    "verify": ("palestra.cli.verify", "train every seed of a recipe and say whether its claim is held"),
    "compare": ("palestra.cli.compare", "whether one training beats another, and how sure that is"),
    "ablate": ("palestra.cli.ablate", "what each part of Rainbow is worth on a task"),
    "runs": ("palestra.cli.runs", "the trainings on disk: ls, show, rm, reindex"),
    "check-env": ("palestra.cli.check_env", "whether an environment keeps to the rules, and who can learn in it"),
    "doctor": ("palestra.cli.doctor", "check that this machine has what training needs"),
    "bench": ("palestra.cli.bench", "measure speed side by side with other libraries"),
}
"""Name to module and summary. Each module defines ``command(argv) -> exit status``."""

VERBOSE = ("-v", "--verbose")
"""Flags of every command: of an error, show what was raised too."""

_HELP = """\
usage: palestra COMMAND [OPTIONS]

{commands}

Every command takes --help and --json, and -v to show what is behind an error.
Begin with: palestra train cartpole/ppo"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (without the program's name; ``sys.argv`` if None) and return its exit status."""
    args = list(sys.argv[1:] if argv is None else argv)
    verbose = any(arg in VERBOSE for arg in args)
    args = [arg for arg in args if arg not in VERBOSE]
    try:
        status = _dispatch(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, ``head`` perhaps, has seen enough
        with suppress(OSError, ValueError):  # else Python tries again at exit, and says so
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except PalestraError as error:
        if verbose:
            traceback.print_exception(error)
        return _fail(str(error), 2 if isinstance(error, UsageError) else 1, args)
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        return _fail(f"{where}{error.strerror or error}", 1, args)
    except SystemExit as ending:  # tyro's, after --help or bad usage
        return ending.code if isinstance(ending.code, int) else 0


def entry() -> None:
    """The console script: ``main`` as a process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character must not stop a training
    warnings.formatwarning = _format_warning
    sys.exit(main())


def _format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: Any = None
) -> str:
    """A warning as one line; where it comes from is of interest in others' code only."""
    said = " ".join(str(message).split())
    return f"palestra: {said}\n" if category is UserWarning else f"{filename}:{lineno}: {category.__name__}: {said}\n"


def _dispatch(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        width = max(map(len, COMMANDS))
        lines = (f"  {name:{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
        print(_HELP.format(commands="\n".join(lines)), file=sys.stdout if args else sys.stderr)
        return 0 if args else 2
    if args[0] == "--version":
        print(f"palestra {__version__}")
        return 0
    if args[0] not in COMMANDS:
        raise unknown_name("command", args[0], COMMANDS)
    status: int = importlib.import_module(COMMANDS[args[0]][0]).command(args[1:])
    return status


def _fail(message: str, status: int, args: list[str]) -> int:
    print(f"palestra: {' '.join(message.split())}", file=sys.stderr)
    if "--json" in args:
        print_json({"error": message, "status": status})
    return status
