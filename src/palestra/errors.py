"""The two errors that a user meets. Each message says what was given, what was expected, and the fix."""

import difflib
import json
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit


class PalestraError(Exception):
    """Something could not be done; the message says what and what to do about it (exit status 1)."""


class UsageError(PalestraError):
    """The request itself is wrong: an unknown name, a value out of range, a missing extra (exit status 2)."""


def unknown_name(kind: str, given: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not in a list, with the nearest names in it."""
    names = sorted(known)
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
    close = difflib.get_close_matches(given.casefold(), folded, n=3, cutoff=0.4)
    near = [name for match in close for name in folded[match]][:3] or names[:6]
    listed = ", ".join(near) if near else "none is known"
    return UsageError(f"unknown {kind} {given!r}; nearest: {listed}")


def missing_extra(extra: str, what_for: str) -> UsageError:
    """The error for an optional dependency that is not installed, with the exact install line."""
    return UsageError(f"{what_for} needs the [{extra}] extra: {install_line(extra)}")


def install_line(extra: str) -> str:
    """The command that adds an extra to this installation: into this Python, and from where Palestra itself came."""
    return f"{pip_install()} {_requirement(extra)}"


def pip_install() -> str:
    """The command that installs into this Python, whatever ``pip`` may stand first on the path."""
    return f"{shlex.quote(_from_here(Path(sys.executable)))} -m pip install"


def _requirement(extra: str) -> str:
    """What pip takes: the clone, with ``-e`` if it was installed so; the address; or the name in the index."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow, and only wanted when something is amiss

    try:
        origin = json.loads(distribution("palestra").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:  # its source is on the path and nothing more
        origin = {"url": Path(__file__).resolve().parents[2].as_uri(), "dir_info": {"editable": True}}
    if "dir_info" in origin:
        folder = Path(unquote(urlsplit(origin["url"]).path))
        editable = "-e " if origin["dir_info"].get("editable") else ""
        return f"{editable}'{_from_here(folder)}[{extra}]'"
    if "vcs_info" in origin:
        return f"'palestra[{extra}] @ {origin['vcs_info']['vcs']}+{origin['url']}@{origin['vcs_info']['commit_id']}'"
    return f"'palestra[{extra}] @ {origin['url']}'" if "url" in origin else f"'palestra[{extra}]'"


def _from_here(path: Path) -> str:
    """A path, relative where it lies in the working directory."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def require(condition: bool, given: str, expected: str) -> None:
    """Raise UsageError unless a condition on a setting holds."""
    if not condition:
        raise UsageError(f"{given}; expected {expected}")
