"""What is sent back: JSON without NaN, and one line for what went wrong."""

import json
import math
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from palestra.errors import PalestraError, UsageError
from palestra.studio.folder import NotThereError

MOST_BYTES = 1 << 20
"""Of what a request may send."""


class RefusedError(PalestraError):
    """Something that this studio does not do: it was not started to."""


def answer(value: Any, status: int = 200) -> Response:
    """A value as JSON; NaN and infinities become null."""
    spell = partial(json.dumps, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    try:
        text = spell(value)
    except ValueError:  # there is such a number, which long answers of none need not be searched for
        text = spell(finite(value))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def finite(value: Any) -> Any:
    """A value of dicts, lists and numbers with null in the place of every number that is none."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(key): finite(item) for key, item in value.items()}
        case list() | tuple():
            return [finite(item) for item in value]
    return value


async def failed(request: Request, error: Exception) -> Response:
    """An error of ours as its line: 404 for what is not there, 403 for what is not done here, 400 for what is wrong."""
    status = 500
    if isinstance(error, NotThereError):
        status = 404
    elif isinstance(error, RefusedError):
        status = 403
    elif isinstance(error, UsageError):
        status = 400
    return answer({"error": str(error)}, status)


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request sends; nothing is an empty one. Raises UsageError for anything else."""
    body = await request.body()
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"a body that is no JSON ({error}); expected one object") from error
    if not isinstance(value, dict):
        raise UsageError(f"a body that is a {type(value).__name__}; expected one object")
    return value


def read_number(request: Request, name: str, default: int | None = None) -> int | None:
    """A whole number of the address."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    try:
        return max(-(2**62), min(int(text), 2**62))
    except ValueError:
        raise UsageError(f"{name}={text[:40]}; expected a whole number") from None
