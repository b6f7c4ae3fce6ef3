"""Modules that register a user's environments, imported because somebody typed their names, here and now.

What a file says is never imported, so a run's configuration holds the plain id.
"""

import importlib
import os
import sys
from contextlib import suppress

from palestra.errors import UsageError, require

_typed: list[str] = []


def import_module(name: str) -> None:
    """Import a module that a user named, from the current directory too, as with ``python -m``.

    Raises UsageError, in one line, for one that is not found or that fails.
    """
    named = all(part.isidentifier() for part in name.split(".")) and not name.endswith(".py")
    require(named, f"module {name!r}", "a name as in Python's import, without a path and without .py")
    with suppress(OSError):  # there is no current directory any more
        if not {"", os.getcwd()} & set(sys.path):
            sys.path.insert(0, os.getcwd())
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"no module {name!r} is found; expected one in the current directory, on PYTHONPATH or installed"
            ) from error
        raise UsageError(
            f"module {name!r} failed while it was imported: {type(error).__name__}: {error}; expected one that"
            " registers environments and no more"
        ) from error
    if name not in _typed:
        _typed.append(name)


def imported() -> tuple[str, ...]:
    """The modules that were named so far, for processes that have to know the same environments."""
    return tuple(_typed)


def plain_id(text: str) -> str:
    """The id in what a user typed; the module of ``module:Id``, as ``gymnasium.make`` takes it, is imported first."""
    module, colon, env_id = text.partition(":")
    if not colon:
        return text
    require(bool(module and env_id), f"environment {text!r}", "MODULE:ID, e.g. mine:Mine-v0")
    import_module(module)
    return env_id
