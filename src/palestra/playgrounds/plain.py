"""Numbers that any reader of JSON takes: what is none becomes null, and figures are as long as a picture needs."""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

DIGITS = 5
"""Significant figures of every number with a fraction."""


def plain(value: Any) -> Any:
    """Tensors and arrays as lists, floating numbers shortened, NaN and infinities as None."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return shortened(value)
        case Tensor():
            return plain(value.detach().cpu().numpy())
        case np.ndarray() | np.generic():
            return plain(value.tolist())
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} in a frame; expected tensors, arrays and JSON values")


def shortened(number: float) -> float | None:
    """A number of a few significant figures; None for what is no finite number."""
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def shades(share: Tensor) -> str:
    """Numbers from 0 to 1 of any shape as bytes, two hexadecimal digits each, row by row; what is none counts as 0."""
    return (share.nan_to_num(0.0, 1.0, 0.0).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy().tobytes().hex()


def line(frame: Any) -> str:
    """A frame as one line of JSON."""
    return json.dumps(plain(frame), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
