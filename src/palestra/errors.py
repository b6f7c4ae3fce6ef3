"""The two errors that a user meets. Each message says what was given, what was expected, and the fix."""

import difflib
from collections.abc import Iterable


class PalestraError(Exception):
    """Something could not be done; the message says what and what to do about it (exit status 1)."""


class UsageError(PalestraError):
    """The request itself is wrong: an unknown name, a value out of range, a missing extra (exit status 2)."""


def unknown_name(kind: str, given: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not in a list, with the nearest names in it."""
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.4) or names[:6]
    listed = ", ".join(near) if near else "none is known"
    return UsageError(f"unknown {kind} {given!r}; nearest: {listed}")


def missing_extra(extra: str, what_for: str) -> UsageError:
    """The error for an optional dependency that is not installed, with the exact install line."""
    return UsageError(f"{what_for} needs the [{extra}] extra: pip install 'palestra[{extra}]'")


def require(condition: bool, given: str, expected: str) -> None:
    """Raise UsageError unless a condition on a setting holds."""
    if not condition:
        raise UsageError(f"{given}; expected {expected}")
