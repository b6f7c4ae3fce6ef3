"""Typed settings: from text and JSON to frozen dataclasses, with errors that name the field and the fix."""

import ast
import dataclasses
import inspect
import json
import types
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from palestra.errors import UsageError, unknown_name


@dataclasses.dataclass(frozen=True)
class AlgorithmConfig:
    """Settings of an algorithm. Subclasses check their ranges in ``__post_init__``."""

    default_num_envs: ClassVar[int] = 1
    """Copies of the environment when nobody says otherwise."""


T = TypeVar("T")


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """A config from JSON values; unknown names and wrong types raise UsageError."""
    return dataclasses.replace(cls(), **_checked(cls, values, from_text=False))  # type: ignore[type-var]


def override(config: T, assignments: Mapping[str, str]) -> T:
    """A config with some fields replaced by values given as text (``{"gamma": "0.98"}``)."""
    return dataclasses.replace(config, **_checked(type(config), assignments, from_text=True))  # type: ignore[type-var]


def _checked(cls: type[Any], values: Mapping[str, Any], *, from_text: bool) -> dict[str, Any]:
    hints = get_type_hints(cls)
    names = {f.name for f in dataclasses.fields(cls)}
    out = {}
    for name, value in values.items():
        if name not in names:
            raise unknown_name(f"setting of {cls.__name__}", name, names)
        try:
            out[name] = _parse(hints[name], value) if from_text else _coerce(hints[name], value)
        except ValueError:
            raise UsageError(
                f"setting {name}={value if from_text else repr(value)}; expected {type_name(hints[name])}"
            ) from None
    return out


def _parse(hint: Any, text: str) -> Any:
    """Text to the value that a hint asks for, or ValueError."""
    if hint is str:
        return text
    if get_origin(hint) in (Union, types.UnionType):
        for option in sorted(get_args(hint), key=lambda option: option is not types.NoneType):
            try:
                return _parse(option, text)
            except ValueError:
                continue
        raise ValueError
    if get_origin(hint) is tuple:
        items = text.strip("()[], ")
        return _coerce(hint, [_word(item.strip()) for item in items.split(",")] if items else [])
    return _coerce(hint, _word(text))


def _word(text: str) -> Any:
    """JSON where it is JSON, Python's or our spelling of a constant, or the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {"True": True, "False": False, "None": None, "none": None}.get(text, text)


def _coerce(hint: Any, value: Any) -> Any:
    """A JSON value as the type of the hint, or ValueError."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        for option in args:
            try:
                return _coerce(option, value)
            except ValueError:
                continue
        raise ValueError
    if hint is types.NoneType:
        if value is None:
            return None
    elif origin is Literal:
        if value in args:
            return value
    elif origin is tuple:
        items = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_coerce(args[0], item) for item in items)
    elif origin is dict:
        if isinstance(value, dict):
            return value
    elif hint is float:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    elif hint is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
    elif isinstance(value, hint):
        return value
    raise ValueError


def type_name(hint: Any) -> str:
    """A hint in words a user can act on."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(str(a) for a in args)
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(a) for a in args)
    if origin is tuple:
        return f"a list of {type_name(args[0])} separated by commas"
    names = {int: "an integer", float: "a number", bool: "true or false", str: "text", types.NoneType: "none"}
    return names.get(hint, getattr(hint, "__name__", str(hint)))


def field_docs(cls: type[Any]) -> dict[str, str]:
    """The docstring under each field of a dataclass, by field name, inherited fields first."""
    names = {f.name for f in dataclasses.fields(cls)}
    docs = {}
    for owner in reversed(cls.__mro__):
        if dataclasses.is_dataclass(owner):
            class_def = ast.parse(inspect.cleandoc(inspect.getsource(owner))).body[0]
            assert isinstance(class_def, ast.ClassDef)
            for field, doc in zip(class_def.body, class_def.body[1:]):
                match field, doc:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr() if name in names:
                        docs[name] = " ".join(str(ast.literal_eval(doc.value)).split())
    return docs
