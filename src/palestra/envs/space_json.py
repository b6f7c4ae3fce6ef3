"""Spaces as JSON: what stands beside a saved policy, so that it acts where its environment is not."""

import math
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs.spaces import Packed
from palestra.errors import UsageError, require

LARGEST = 1 << 28
"""Numbers of one observation that are believed of a file."""


def space_to_json(space: Any) -> dict[str, Any]:
    """A space that the house knows as JSON values. UsageError for another."""
    match space:
        case Packed():
            return {"packed": {part.name: space_to_json(part.space) for part in space.layout}}
        case spaces.Box():
            bounds = {"low": _bounds(space.low), "high": _bounds(space.high)}
            return {"box": list(space.shape), "dtype": str(space.dtype), **bounds}
        case spaces.Discrete():
            return {"discrete": int(space.n), "start": int(space.start)}
        case spaces.MultiDiscrete():
            return {"multi_discrete": space.nvec.tolist(), "start": space.start.tolist()}
        case spaces.MultiBinary():
            return {"multi_binary": space.n if isinstance(space.n, int) else list(map(int, space.shape))}
        case spaces.Tuple():
            return {"tuple": [space_to_json(part) for part in space]}
        case spaces.Dict() if all(type(key) is str for key in space):
            return {"dict": {key: space_to_json(part) for key, part in space.items()}}
    raise UsageError(f"the space {space} cannot be saved; expected those that learners take")


def space_from_json(values: Any) -> Any:
    """The space that ``space_to_json`` was given. UsageError for anything else."""
    try:
        match values:
            case {"packed": dict(parts)}:
                boxes = {name: space_from_json(part) for name, part in parts.items()}
                require(all(isinstance(box, spaces.Box) for box in boxes.values()), f"packed {parts}", "Boxes")
                return Packed(boxes)
            case {"box": list(shape), "dtype": str(dtype), "low": low, "high": high}:
                require(math.prod(map(int, shape)) <= LARGEST, f"a space of shape {shape}", "one that fits in memory")
                kind: Any = np.dtype(dtype)
                return spaces.Box(_array(low, shape, kind), _array(high, shape, kind), tuple(shape), kind)
            case {"discrete": int(n), "start": int(start)}:
                return spaces.Discrete(n, start=start)
            case {"multi_discrete": list(nvec), "start": list(first)}:
                return spaces.MultiDiscrete(nvec, start=first)
            case {"multi_binary": int() | list() as shape}:
                return spaces.MultiBinary(shape)
            case {"tuple": list(items)}:
                return spaces.Tuple([space_from_json(part) for part in items])
            case {"dict": dict(named)}:
                return spaces.Dict({key: space_from_json(part) for key, part in named.items()})
    except (AssertionError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"a saved space {str(values)[:100]} ({error}); expected what a training wrote") from error
    raise UsageError(f"a saved space {str(values)[:100]}; expected what a training wrote")


def _bounds(bound: NDArray[Any]) -> Any:
    """All numbers of a bound, or the one that all of them are; infinity is a text, which JSON has no number for."""
    if bound.size and (bound == bound.flat[0]).all():
        return _number(bound.flat[0].item())
    return [_number(item) for item in bound.ravel().tolist()]


def _number(value: Any) -> Any:
    return value if math.isfinite(value) else str(value)


def _array(bound: Any, shape: list[int], dtype: Any) -> NDArray[Any]:
    if isinstance(bound, list):
        return np.array([float(item) if isinstance(item, str) else item for item in bound], dtype).reshape(shape)
    return np.full(shape, float(bound) if isinstance(bound, str) else bound, dtype)
