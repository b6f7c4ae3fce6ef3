"""What a call comes to, for tests to which a result is as welcome as an error of one line."""

from collections.abc import Callable
from typing import TypeVar

from palestra.errors import PalestraError

Result = TypeVar("Result")


def outcome(call: Callable[[], Result]) -> tuple[Result | None, str]:
    """The result and an empty text, or None and the message of the error, which is one line."""
    try:
        return call(), ""
    except PalestraError as error:
        said = str(error)
    assert said
    assert "\n" not in said
    return None, said
