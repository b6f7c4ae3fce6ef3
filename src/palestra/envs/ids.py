"""Environment ids as users write them: ``Mine-v0``, ``mine:Mine-v0``, misspelt, or of a version that is gone.

A module is imported only because somebody typed its name, here and now. What a file says is never imported, so a run's
configuration holds the plain id.
"""

import importlib
import os
import sys
from contextlib import suppress

import gymnasium as gym

from palestra.errors import UsageError, require, unknown_name

NAMELESS = "("
"""How the id of a world begins that a program gave and no file can name; it says in words what that was."""

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


def unknown_id(env_id: str) -> UsageError:
    """The error for an id that nothing is registered under: a newer version, the nearest ids, how to have one's own."""
    if env_id.startswith(NAMELESS):
        return UsageError(f"this cannot be made from a file: {nameless(env_id)}")
    module, colon, inner = env_id.partition(":")
    unknown = unknown_name("environment", env_id, gym.registry)
    if colon:
        return UsageError(
            f"{unknown}; no module is imported because a file says so: expected the id {inner!r} and --import {module}"
            f" (in Python: import {module})"
        )
    with suppress(gym.error.Error):
        namespace, name, version = gym.envs.registration.parse_env_id(env_id)
        same = [spec for spec in gym.registry.values() if (spec.namespace, spec.name) == (namespace, name)]
        newest = max((spec.version for spec in same if spec.version is not None), default=-1)
        if version is not None and version < newest:
            newer = next(spec.id for spec in same if spec.version == newest)
            return UsageError(f"environment {env_id!r} is not there any more; expected its newer version {newer!r}")
    return UsageError(f"{unknown}; if a module of yours registers it, add --import MODULE (in Python: import it first)")


def nameless(env_id: str) -> str:
    """What to do about a world that no file can name."""
    return (
        f"the world {env_id} has no name that a file could keep, so that what learned in it cannot be loaded or resumed"
        " as it is; expected one with an id: gymnasium.register it and learn in it by that id, or write the id for"
        " world.id into the config.json"
    )
