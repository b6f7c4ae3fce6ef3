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
from pathlib import Path
from typing import Any, TextIO

from palestra import __version__
from palestra.cli.output import ParserExit, print_json, printable
from palestra.errors import PalestraError, UsageError, unknown_name

COMMANDS = {
    "list": ("palestra.cli.list", "the recipes, each a complete training with a name"),
    "show": ("palestra.cli.show", "everything about a recipe: settings, their meaning, its claim"),
    "train": ("palestra.cli.train", "train a recipe, or any algorithm on any environment"),
    "eval": ("palestra.cli.eval", "measure a trained agent over whole episodes"),
    "predict": ("palestra.cli.predict", "label images, or rows of arrays, by what was trained on such"),
    "play": ("palestra.cli.play", "film a trained agent"),
    "export": ("palestra.cli.export", "what was learned as ONNX, PyTorch's archive, or for a hub"),
    "serve": ("palestra.cli.serve", "answer over HTTP on this machine with what a run predicts"),
    "stream": ("palestra.cli.stream", "move a robot that listens on a socket, within its limits"),
    "import": (
        "palestra.cli.import_agent",
        "an agent of Stable-Baselines3 or an estimator of scikit-learn",
    ),
    "record-episodes": ("palestra.cli.record_episodes", "let trained agents play, and write a file to learn from"),
    "verify": ("palestra.cli.verify", "train every seed of a recipe, say whether its claim is held"),
    "compare": ("palestra.cli.compare", "whether one training beats another, and how sure that is"),
    "ablate": ("palestra.cli.ablate", "what each part of Rainbow is worth on a task"),
    "sweep": ("palestra.cli.sweep", "try many settings, and say what the best of them is worth"),
    "data": ("palestra.cli.data", "the data sets: ls, get, verify, show"),
    "lesson": ("palestra.cli.lesson", "what a chapter is about, as one table and one picture"),
    "report": ("palestra.cli.report", "what is wrong with a model: bias, variance, data or a leak"),
    "runs": ("palestra.cli.runs", "the trainings on disk: ls, show, rm, export, reindex"),
    "studio": ("palestra.cli.studio", "a page in which trainings are seen while they learn"),
    "check-env": ("palestra.cli.check_env", "whether an environment keeps the rules, and who learns in it"),
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
    """Run a command line (without the program's name; ``sys.argv`` if None) and return its exit status.

    With ``--json`` standard output ends in one JSON object, whatever happens; after a failure it has an ``error``.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    verbose = any(arg in VERBOSE for arg in args)
    args = [arg for arg in args if arg not in VERBOSE]
    try:
        status = _dispatch(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, ``head`` perhaps, has seen enough
        _give_up(sys.stdout)
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        _tell(args, {"error": "interrupted", "status": 128 + signal.SIGINT})
        return 128 + signal.SIGINT
    except PalestraError as error:
        if verbose:
            traceback.print_exception(error)
        return _fail(str(error), 2 if isinstance(error, UsageError) else 1, args)
    except OSError as error:
        return _fail(_refused(error), 1, args)
    except ParserExit as ending:
        _tell(args, {"error": ending.text, "status": 2} if ending.code else {"help": ending.text})
        return 2 if ending.code else 0
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 0
    except (MemoryError, RuntimeError) as error:  # PyTorch says so in words only
        if not (isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error)):
            _tell(args, {"error": f"{type(error).__name__}: {error}", "status": 1})
            raise
        return _fail(f"not enough memory ({error}); expected smaller settings, or a larger machine", 1, args)
    except Exception as error:
        _tell(args, {"error": f"{type(error).__name__}: {error}", "status": 1})
        raise


def entry() -> None:
    """The console script: ``main`` as a process."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character must not stop a training
    warnings.formatwarning = _format_warning
    sys.exit(main())


def _open_closed_streams() -> None:
    """Give what the shell closed (``>&-``) to the null device.

    Otherwise the next file to be opened, a database perhaps, would take the number of standard output.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
    sys.stdout, sys.stderr = sys.stdout or os.fdopen(1, "w"), sys.stderr or os.fdopen(2, "w")


def _give_up(stream: TextIO) -> None:
    """Send a stream that takes no more to the null device; else Python tries again at exit, and says so."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _refused(error: OSError) -> str:
    """What the system refused, in one line."""
    try:
        Path.cwd()
    except OSError:
        return "the current folder was deleted; change to one that is there, and try again"
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"


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
        text = _HELP.format(commands="\n".join(lines))
        if "--json" in args:
            print_json({"help": text})
        else:
            print(text, file=sys.stdout if args else sys.stderr)
        return 0 if args else 2
    if args[0] == "--version":
        print_json({"version": __version__}) if "--json" in args else print(f"palestra {__version__}")
        return 0
    if args[0] not in COMMANDS:
        raise unknown_name("command", args[0], COMMANDS)
    status: int = importlib.import_module(COMMANDS[args[0]][0]).command(args[1:])
    return status


def _fail(message: str, status: int, args: list[str]) -> int:
    print(f"palestra: {printable(message)}", file=sys.stderr)
    _tell(args, {"error": message, "status": status})
    return status


def _tell(args: list[str], value: dict[str, Any]) -> None:
    """Print the one JSON object of a command that asked for it, where standard output still takes it."""
    try:
        if "--json" in args:
            print_json(value)
        sys.stdout.flush()
    except (OSError, ValueError):  # the full disk may be the failure that is told
        _give_up(sys.stdout)
