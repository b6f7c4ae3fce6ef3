"""State is declared, and walked here: what the next step depends on, to plain data and exactly back.

A learner, or a part that it holds, names in ``saves`` the attributes that its next step depends on, and in ``derives``
those that hold tensors or generators and yet need no saving: constants of the settings, memory that is written before
it is read. Nothing else about saving stands anywhere. What a name may hold:

- a tensor or an array, restored in place where the shape is the same, so that views of it stay views;
- a generator; a module (its parameters and buffers);
- a part, which declares ``saves`` of its own; or anything with ``state_dict`` and ``load_state_dict``, whose way of
  storing itself is an affair of its own (an environment, a replay);
- JSON values, None, and dicts, lists and tuples of all these.

Of what a part saves, ``learned`` names what another training may begin with, beside its modules.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn


@runtime_checkable
class Part(Protocol):
    """Whatever declares its state."""

    saves: Sequence[str]
    """Names of the attributes that the next step depends on."""


@runtime_checkable
class Mending(Protocol):
    """Whatever has something to do once it is restored."""

    def resumed(self) -> None:
        """Mend what a resume could not restore, and drop what no longer holds."""


@runtime_checkable
class Stateful(Protocol):
    """Whatever stores itself."""

    def state_dict(self) -> Any:
        """The state, as nested dicts and lists of tensors and JSON values."""

    def load_state_dict(self, state: Any) -> Any:
        """Continue from it."""


def declared(part: object, kind: str = "saves") -> tuple[str, ...]:
    """What a part's class and the classes above it declare, the topmost first, each name once."""
    names = (name for cls in reversed(type(part).__mro__) for name in vars(cls).get(kind, ()))
    return tuple(dict.fromkeys(names))


def capture(value: Any) -> Any:
    """The state of a part, or of anything that ``saves`` may name, as nested dicts and lists of plain data.

    Tensors and arrays are the ones in use, not copies: write them before the next step.
    """
    match value:
        case (
            int() | float() | str() | None
        ):  # first, since a record has thousands of them and protocols are slow to ask
            return value
        case torch.Generator():
            return value.get_state()
        case nn.Module():
            return dict(value.state_dict())
        case Tensor() | np.ndarray():
            return value
        case Part():
            return {name: capture(getattr(value, name)) for name in declared(value)}
        case Stateful():
            return value.state_dict()
        case dict():
            return {key: capture(item) for key, item in value.items()}
        case list() | tuple():
            return [capture(item) for item in value]
    return value


def restore(part: object, state: dict[str, Any]) -> list[str]:
    """Put a captured state back into a part of the same kind; returns a line for each thing that is not exact.

    Raises KeyError, ValueError or RuntimeError for the state of another configuration.
    """
    names = declared(part)
    if set(state) != set(names):
        raise ValueError(f"a state of {sorted(state)}; expected one of {sorted(names)}")
    notes: list[str] = []
    for name in names:
        setattr(part, name, _restored(getattr(part, name), state[name], notes))
    if isinstance(part, Mending):
        part.resumed()
    return notes


def _restored(value: Any, state: Any, notes: list[str]) -> Any:
    """What an attribute is from now on: the same object with the state in it wherever that can be."""
    match value:
        case torch.Generator() if len(state) == len(value.get_state()):
            value.set_state(state.cpu())
        case torch.Generator():
            foreign = "not exact: what is random on another device cannot be restored and begins anew"
            notes += [foreign] * (foreign not in notes)
        case nn.Module():
            value.load_state_dict(state)
        case Tensor() if value.shape == state.shape and value.dtype == state.dtype and not value.is_inference():
            with torch.no_grad():
                value.copy_(state)
        case Tensor():
            return state.to(value.device, copy=True)
        case np.ndarray() if value.shape == state.shape and value.dtype == state.dtype:
            value[...] = state
        case np.ndarray():
            return np.array(state)
        case Part():
            notes += restore(value, state)
        case Stateful():
            notes += value.load_state_dict(state) or []
        case dict() if holds_parts(value.values()):
            return {key: _restored(item, state[key], notes) for key, item in value.items()}
        case list() | tuple() if holds_parts(value):
            return type(value)(_restored(item, kept, notes) for item, kept in zip(value, state, strict=True))
        case tuple():
            return tuple(state)
        case _:
            return state
    return value


def holds_parts(items: Any) -> bool:
    """Whether any of some items has to be restored where it is, rather than replaced by what was saved."""
    return any(isinstance(item, torch.Generator | nn.Module | Tensor | np.ndarray | Part | Stateful) for item in items)


def adopt(part: object, state: dict[str, Any]) -> list[str]:
    """Take over what was learned, and nothing else, from the state of a part of this kind in another training.

    That is every module, and what a part names in ``learned``: no clock, no generator, no memory, no episode under way,
    no moments of an optimizer. Returns the names of what was taken, which are none where nothing carries over. Raises
    as ``restore`` does.
    """
    learned = declared(part, "learned")
    taken = [name for name in declared(part) if _adopted(getattr(part, name), state[name], name in learned)]
    if taken and isinstance(part, Mending):
        part.resumed()
    return taken


def _adopted(value: Any, state: Any, learned: bool = False) -> bool:
    """Take over what an attribute holds, in place, where it is something learned; whether there was any of it."""
    match value:
        case Tensor() | np.ndarray() if learned:
            if value.shape != state.shape:
                raise ValueError(f"{tuple(state.shape)} numbers for {tuple(value.shape)}")
            _restored(value, state, [])
            return True
        case nn.Module():
            value.load_state_dict(state)
            return True
        case Part():
            return bool(adopt(value, state))
        case dict():
            return sum(_adopted(item, state[key]) for key, item in value.items()) > 0
        case list() | tuple():
            return sum(_adopted(item, kept) for item, kept in zip(value, state, strict=False)) > 0
    return False


def scalars(part: object) -> dict[str, tuple[Part, str, int | float]]:
    """Every single number that a part and those within it save: its owner, its name there and its value, by path."""
    return {
        f"{path}.{name}": (owner, name, value)
        for owner, path in _owners(part, type(part).__name__)
        for name, value in ((name, getattr(owner, name)) for name in declared(owner))
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def undeclared(part: object) -> list[str]:
    """Paths of the generators, tensors, arrays, modules and parts within reach that nothing declares.

    What is saved under one name may stand under others; what ``derives`` names is left out. A contract test holds this
    empty for every learner.
    """
    saved: dict[int, Any] = {}
    _gather(part, saved)
    return [line for owner, path in _owners(part, type(part).__name__) for line in _bare(owner, path, saved)]


def _gather(value: Any, saved: dict[int, Any]) -> None:
    """Everything that saving a value saves, by id; the objects too, so that no id is used again meanwhile."""
    if id(value) in saved:
        return
    saved[id(value)] = value
    if isinstance(value, nn.Module):
        saved.update((id(inner), inner) for inner in (*value.modules(), *value.parameters(), *value.buffers()))
    elif isinstance(value, Part):
        for name in declared(value):
            _gather(getattr(value, name), saved)
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            _gather(item, saved)


def _owners(value: Any, path: str) -> Iterator[tuple[Part, str]]:
    """A part and the parts that it saves, each with its path."""
    if isinstance(value, Part) and not isinstance(value, nn.Module):
        yield value, path
        for name in declared(value):
            yield from _owners(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _owners(item, f"{path}[{key!r}]")


def _bare(owner: Part, path: str, saved: dict[int, Any]) -> Iterator[str]:
    """What a part holds without declaring it."""
    left_out = {*declared(owner), *declared(owner, "derives")}
    for name, item in vars(owner).items():
        if name not in left_out:
            yield from _within(item, f"{path}.{name}", saved)


def _within(value: Any, path: str, saved: dict[int, Any]) -> Iterator[str]:
    """The paths, at a value or anywhere in it, of what a step may depend on and nobody saves."""
    if id(value) in saved or isinstance(value, type):
        return
    if isinstance(value, torch.Generator | nn.Module | Tensor | np.ndarray | Part):
        yield path
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _within(item, f"{path}[{key!r}]", saved)
    elif type(value).__module__.startswith("palestra"):
        for name, item in getattr(value, "__dict__", {}).items():
            yield from _within(item, f"{path}.{name}", saved)
