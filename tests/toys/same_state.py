"""Whether two things that declare their state stand at the same, to the bit."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.engine.state import capture


def differing(one: Any, other: Any, path: str = "state") -> list[str]:
    """Paths at which two captured states differ; parts are captured first."""
    if hasattr(one, "saves"):
        return differing(capture(one), capture(other), path)
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return [f"{path}: {sorted(one)} and {sorted(other)}"]
        return [line for key in one for line in differing(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            return [f"{path}: {len(one)} and {len(other)} entries"]
        return [line for i, pair in enumerate(zip(one, other)) for line in differing(*pair, f"{path}[{i}]")]
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        same = one.shape == other.shape and torch.equal(one.nan_to_num(7.0), other.nan_to_num(7.0))
    elif isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        same = np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    else:
        same = one == other or (one != one and other != other)
    return [] if same else [path]
