"""What Python knows as values that a page can read: dataclasses by their kind, and long rows of numbers as bytes."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SENT = {"b": "u1", "u1": "u1", "i": "i4", "u": "i4", "f": "f4"}
_LARGEST = 2**31


def packed(array: NDArray[Any]) -> dict[str, Any]:
    """An array as its type, its shape and the base64 of its bytes, little-endian.

    Types are those of a page's typed arrays: ``u1``, ``i4``, ``f4``, and ``f8`` for integers that are larger than 31
    bits, steps say, which that holds exactly up to 2^53. Words stay a list.
    """
    if array.dtype.kind not in "buif":
        return {"type": "list", "shape": list(array.shape), "data": array.ravel().tolist()}
    kind = _SENT.get(array.dtype.kind + str(array.dtype.itemsize), _SENT[array.dtype.kind])
    if kind == "i4" and array.size and (array.max() >= _LARGEST or array.min() < -_LARGEST):
        kind = "f8"
    data = np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()
    return {"type": kind, "shape": list(array.shape), "data": base64.b64encode(data).decode()}


def packed_steps(steps: NDArray[Any]) -> dict[str, Any]:
    """Steps as numbers that a page counts with: always ``f8``."""
    data = np.ascontiguousarray(steps, dtype="<f8").tobytes()
    return {"type": "f8", "shape": list(steps.shape), "data": base64.b64encode(data).decode()}


def plain(value: Any) -> Any:
    """A value as JSON: a dataclass is an object with its class as ``kind``, a named tuple one without, NaN is null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case np.ndarray():
            return packed(value)
        case np.generic():
            return plain(value.item())
        case bytes():
            return value.decode("latin-1")
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__} | {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)
