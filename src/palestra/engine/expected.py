"""Whether a saved state is one of a part: names, types, shapes and finiteness, asked before any of it is used.

What to expect stands in the part as it was built, since it has a state too. Where a training may change a shape (rows
of a memory, an episode under way), only the type is asked. What is finite in the part has to be finite in the state: an
infinity that a method begins with, as a mark, is its own affair; one that appears is damage.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from palestra.engine.state import Part, Stateful, declared, holds_parts
from palestra.runs.files import short


def check_state(part: object, state: Any, place: str = "") -> None:
    """Raise ValueError, which names the place, unless a captured state is one of a part of this kind."""
    names = declared(part)
    _expect(isinstance(state, dict), (place, state), f"a state of {type(part).__name__}")
    _expect(
        set(state) == set(names),
        f"{place}{': ' if place else ''}a state of {sorted(map(str, state))}",
        f"one of {sorted(names)}",
    )
    for name in names:
        _check(getattr(part, name), state[name], f"{place}.{name}" if place else name)


def _check(value: Any, state: Any, place: str) -> None:
    """Whether ``state._restored`` may put a state into a value."""
    match value:
        case torch.Generator():
            _like(value.get_state(), state, place, exact=True)
        case nn.Module():
            _check_module(value, state, place)
        case Tensor() | np.ndarray():
            _like(value, state, place)
        case Part():
            check_state(value, state, place)
        case Stateful():
            _like(value.state_dict(), state, place)
        case dict() if holds_parts(value.values()):
            _expect(isinstance(state, dict) and set(state) == set(value), (place, state), f"{list(value)}")
            for key, item in value.items():
                _check(item, state[key], f"{place}.{key}")
        case list() | tuple() if holds_parts(value):
            same = isinstance(state, list | tuple) and len(state) == len(value)
            _expect(same, (place, state), f"a list of {len(value)}")
            for i, (item, kept) in enumerate(zip(value, state, strict=True)):
                _check(item, kept, f"{place}[{i}]")
        case _:
            _like(value, state, place)


def _check_module(module: nn.Module, state: Any, place: str) -> None:
    own = module.state_dict()
    _expect(isinstance(state, dict), (place, state), "parameters")
    _expect(set(state) == set(own), f"{place} has the parameters {sorted(map(str, state))}", f"{sorted(own)}")
    for name, value in own.items():
        _like(value, state[name], f"{place}.{name}", exact=True)


def _like(value: Any, state: Any, place: str, *, exact: bool = False) -> None:
    """Whether a state is of a value's kind; of its shape too, if ``exact``."""
    match value:
        case Tensor() | np.ndarray():
            _check_array(value, state, place, exact)
        case dict():
            _expect(isinstance(state, dict), (place, state), "an object")
            for key in value.keys() & state.keys():
                if state[key] is not None:  # what is not there is begun anew, as a copy of a world that misbehaved
                    _like(value[key], state[key], f"{place}.{key}")
        case list() | tuple():
            _expect(isinstance(state, list | tuple), (place, state), "a list")
        case bool():
            _expect(isinstance(state, bool), (place, state), "true or false")
        case int():
            _expect(type(state) is int, (place, state), "an integer")
        case float():
            good = type(state) in (int, float) and (abs(state) < math.inf or not math.isfinite(value))
            _expect(good, (place, state), "a finite number")
        case str():
            _expect(isinstance(state, str), (place, state), "text")


def _check_array(value: Any, state: Any, place: str, exact: bool) -> None:
    kind = Tensor if isinstance(value, Tensor) else np.ndarray
    dtype, shape = value.dtype, tuple(value.shape)
    _expect(isinstance(state, kind), (place, state), f"a {kind.__name__} of {dtype}")
    if exact or shape != (0,):  # else it holds the place of what comes with the first step
        _expect(state.dtype == dtype, f"{place} is of {state.dtype}", f"{dtype}")
        good = tuple(state.shape) == shape if exact else state.ndim == value.ndim
        _expect(good, f"{place} is of shape {tuple(state.shape)}", f"{shape}" if exact else f"{value.ndim} dimensions")
    if not is_finite(state):
        _expect(not is_finite(value), f"{place} holds NaN or infinity", "finite numbers")


def is_finite(values: Any) -> bool:
    """Whether every number of a tensor or an array is finite."""
    if isinstance(values, Tensor):
        if not (values.is_floating_point() or values.is_complex()):
            return True
        wide = values.float() if values.element_size() == 1 else values  # there is no isfinite for 8 bits
        return bool(wide.isfinite().all())
    return values.dtype.kind not in "fc" or bool(np.isfinite(values).all())


def _expect(good: bool, given: str | tuple[str, Any], expected: str) -> None:
    """Raise ValueError unless it is good; a place and what stands in it are put in words only then."""
    if not good:
        told = given if isinstance(given, str) else f"{given[0]} is {short(given[1])}"
        raise ValueError(f"{told}; expected {expected}")
