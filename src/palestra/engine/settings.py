"""Typed settings: from text and JSON to frozen dataclasses, with errors that name the field and the fix."""

import ast
import dataclasses
import inspect
import json
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from palestra.errors import UsageError, require, unknown_name


class Part(NamedTuple):
    """A part of an algorithm that can be taken away, to see what it is worth."""

    setting: str
    """The field that turns it on."""
    off: Any
    """Its value without the part."""
    on: Any
    """Its value with it, where a recipe has it off."""


@dataclasses.dataclass(frozen=True)
class AlgorithmConfig:
    """Settings of an algorithm. Subclasses check their ranges in ``__post_init__``."""

    default_num_envs: ClassVar[int] = 1
    """Copies of the environment when nobody says otherwise."""
    default_num_envs_finite: ClassVar[int | None] = None
    """The same where the world is played as a finite process, whose copies cost next to nothing; None for as many."""
    least_steps_of_a_copy: ClassVar[int] = 0
    """A training too short to give each copy so many steps has fewer copies by default; 0 for as many."""
    parts: ClassVar[Mapping[str, Part]] = {}
    """Name to part: what ``palestra ablate`` takes away and adds."""
    others: ClassVar[str] = ""
    """Name of a field, a dict, that takes every setting whose name no part of a training has; empty for none."""

    def schedules(self) -> tuple[str, ...]:
        """Names of the settings that, as they are set, make what is learned depend on the budget."""
        names = (field.name for field in dataclasses.fields(self) if field.name.endswith("_schedule"))
        return tuple(name for name in names if getattr(self, name) != "constant")


MOST_THREADS = 1024
"""Of PyTorch; more than any machine that it runs on has processors."""


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """How long to train, on what, and what to record, for any learner."""

    budget: int
    """Where to stop, on the learner's clock (environment steps, samples, sweeps)."""
    seed: int = 0
    """Every random number derives from it."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda, cuda:1, mps."""
    threads: int = 1
    """PyTorch threads; small networks are fastest with one."""
    eval_every: int = 0
    """Clock units between evaluations; 0 for none."""
    eval_count: int = 20
    """Episodes of each evaluation; rows, on a data set, 0 for all."""
    eval_max_steps: int = 0
    """Steps after which an evaluation cuts an episode; 0 for the world's time limit, 10,000 where it has none."""
    target: float | None = None
    """Stop early when an evaluation reaches this score; none to use the whole budget."""
    target_metric: str | None = None
    """What the target is of, if not the score: env/is_success, as the environment says it, or a figure of the
    evaluation (eval/length_mean)."""
    target_direction: Literal["up", "down"] | None = None
    """Whether more of target_metric is better (up), or less (down); none for the way in which the score is better."""
    patience: int = 0
    """Stop after so many evaluations in a row without a better one; 0 to use the whole budget."""
    log_every: int = 0
    """Clock units between metric rows; 0 for about 500 rows in all."""
    checkpoint_every: float = 30.0
    """Seconds between checkpoints; one is always made at the end."""
    keep_every: int = 0
    """Clock units between checkpoints that are kept for good, beside the last two and the best; 0 for none."""
    tensorboard: bool = True
    """Mirror the metrics for TensorBoard where the [tensorboard] extra is installed."""
    devices: int = 1
    """Processes that train it together, each with a share of every batch and of the copies of a world."""

    def __post_init__(self) -> None:
        require(self.budget > 0, f"budget={self.budget}", "a positive number of steps")
        require(self.budget < 2**63, f"budget={self.budget}", "less than 2^63")
        require(self.seed >= 0, f"seed={self.seed}", "0 or more")
        require(self.seed < 2**63, f"seed={self.seed}", "less than 2^63")
        require(self.threads >= 1, f"threads={self.threads}", "at least 1")
        require(self.threads <= MOST_THREADS, f"threads={self.threads}", f"at most {MOST_THREADS}")
        require(1 <= self.devices <= MOST_THREADS, f"devices={self.devices}", f"1 to {MOST_THREADS}")
        for name in ("eval_every", "eval_count", "log_every"):
            require(getattr(self, name) < 2**63, f"{name}={getattr(self, name)}", "less than 2^63")
        target_is_number = self.target is None or not math.isnan(self.target)
        require(target_is_number, f"target={self.target}", "a number, or none")
        require(self.eval_every >= 0, f"eval_every={self.eval_every}", "0 or more")
        require(self.eval_count >= 0, f"eval_count={self.eval_count}", "0 or more")
        require(self.patience >= 0, f"patience={self.patience}", "0 or more evaluations")
        require(not self.patience or self.eval_every > 0, f"patience={self.patience} with eval_every=0", "eval_every=N")
        aimed = self.target is not None or self.target_metric is None
        require(aimed, f"target_metric={self.target_metric} without a target", "target=N too")
        of_score = self.target_direction is not None and self.target_metric is None
        require(not of_score, f"target_direction={self.target_direction} without target_metric", "it, e.g. env/drag")
        require(self.eval_max_steps >= 0, f"eval_max_steps={self.eval_max_steps}", "0 or more")
        require(self.log_every >= 0, f"log_every={self.log_every}", "0 or more")
        require(self.checkpoint_every >= 0, f"checkpoint_every={self.checkpoint_every}", "0 or more seconds")
        require(self.keep_every >= 0, f"keep_every={self.keep_every}", "0 or more")

    def check_target(self) -> None:
        """Raise UsageError for a target that nothing would ever be held against."""
        watched = self.target is None or self.eval_every > 0
        given = f"target={self.target} with eval_every=0: nothing would be evaluated, and it would never be reached"
        require(watched, given, "eval_every=N too, or target=none")


T = TypeVar("T")


def build(cls: type[T], values: Mapping[str, Any]) -> T:
    """A config from JSON values; unknown names, missing ones and wrong types raise UsageError."""
    require(isinstance(values, Mapping), f"{values!r} for {cls.__name__}", "its fields by name")
    out = {name: _checked(cls, name, value, _coerce) for name, value in values.items()}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        required = field.default is dataclasses.MISSING is field.default_factory
        if required and field.name not in out:
            raise UsageError(f"{cls.__name__} without {field.name}; expected what a training wrote")
    return cls(**out)


def check_known(cls: type[Any], values: Mapping[str, Any]) -> None:
    """Raise UsageError for a JSON value that is not of its field's type; names that are no field's are left alone."""
    for name in values.keys() & {field.name for field in dataclasses.fields(cls)}:
        _checked(cls, name, values[name], _coerce)


def override(config: T, assignments: Mapping[str, Any]) -> T:
    """A config with some fields replaced, by values or by text that stands for them (``{"gamma": "0.98"}``).

    What is given for a dict is added to it, and one of its entries has a name of its own (``kwargs.gravity``).
    """
    out: dict[str, Any] = {}
    for path, value in assignments.items():
        name, dot, key = path.partition(".")
        given = {key: _word(value) if isinstance(value, str) else value} if dot else value
        new = _checked(type(config), name, given, _parse if isinstance(given, str) else _coerce)
        if isinstance(new, dict):
            new = {**out.get(name, getattr(config, name)), **new}
        out[name] = new
    return dataclasses.replace(config, **out)  # type: ignore[type-var]


def _checked(cls: type[Any], name: str, value: Any, read: Callable[[Any, Any], Any]) -> Any:
    names = {f.name for f in dataclasses.fields(cls)}
    if name not in names:
        raise unknown_name(f"setting of {cls.__name__}", name, names)
    hint = get_type_hints(cls)[name]
    try:
        return read(hint, value)
    except ValueError:
        given = value if read is _parse else repr(value)
        raise UsageError(f"setting {name}={given}; expected {type_name(hint)}") from None


def _parse(hint: Any, text: str) -> Any:
    """Text to the value that a hint asks for, or ValueError."""
    if hint is str or (get_origin(hint) is Literal and text in get_args(hint)):
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
