"""What the studio packs, read as its page reads it."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = {"u1": "<u1", "i4": "<i4", "f4": "<f4", "f8": "<f8"}


def unpacked(sent: dict[str, Any]) -> NDArray[Any]:
    """The array."""
    return np.frombuffer(base64.b64decode(sent["data"]), TYPES[sent["type"]]).reshape(sent["shape"])
