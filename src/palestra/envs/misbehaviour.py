"""A world that does what no world may: what it gave is held against what was expected, and said in one line.

The checks are made where one copy is stepped, so that copy, episode and step are known; whether numbers are finite is
asked of all copies at once, in the backend. What is easily taken is taken: any number for a reward, lists for arrays,
an array that is changed in place.
"""

import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs.spaces import Packed, is_image
from palestra.errors import PalestraError

NUMBERS = frozenset((float, int, bool, np.float64, np.float32, np.int64, np.int32, np.bool_))
"""Types of rewards that need no second look."""
FLAGS = frozenset((bool, np.bool_))
"""Types of ends that need no second look."""
STEP_FORM = "5 values: observation, reward, terminated, truncated, info"
RESET_FORM = "2 values: observation, info"
LARGEST = float(np.finfo(np.float32).max)
"""Of the rewards: they are float32."""
WRAPPING = ("gymnasium.core", "gymnasium.wrappers", "palestra.envs")
"""Modules that unpack what an environment returns; an error of theirs in doing so is the environment's."""
CONVERTING = ("palestra.envs.spaces", "palestra.envs.finite.states")
"""Modules that convert observations; an error of theirs means that one is not of the space."""


class Misbehaviour(PalestraError):
    """A world misbehaved: the message names it, the copy and the step, what it gave, and what was expected."""


class WorkerError(Exception):
    """What was raised in a worker process: its traceback, as text."""

    def __str__(self) -> str:
        """The traceback, on lines of its own."""
        return f"\n{self.args[0]}"


class Unexpected(PalestraError):
    """What a world gave, and what was expected, as two texts."""

    def __str__(self) -> str:
        """Both."""
        given, expected = self.args
        return f"{given}; expected {expected}"


class Moment(NamedTuple):
    """When something happened in a copy."""

    episode: int
    """Counted from 0."""
    step: int
    """Of the episode; 0 is its reset."""


@dataclass(frozen=True)
class Fault:
    """What a copy did wrong."""

    given: str
    """What it gave or raised."""
    expected: str
    """What was expected in its place."""
    moment: Moment
    """When."""
    error: BaseException | None = None
    """What it raised, if it raised anything."""


def misbehaviour(env_id: str, copy: int, fault: Fault) -> Misbehaviour:
    """The error for a fault of a copy, with what was raised chained to it."""
    episode, step = fault.moment
    when = f"step {step:,} of its episode {episode:,}" if step else f"step 0, the reset, of its episode {episode:,}"
    error = Misbehaviour(
        f"environment {env_id!r}, copy {copy}, {when}: {fault.given}; expected {fault.expected}."
        f" Mend the environment; palestra check-env {env_id} looks into it"
    )
    error.__cause__ = fault.error
    return error


def caught(call: str, error: BaseException, moment: Moment, space: Any, *, in_worker: bool) -> Fault:
    """The fault that an exception stands for, which came out of ``call`` (step or reset) of an environment.

    ``space`` is what the environment observes. Exceptions do not travel between processes, their text does.
    """
    if isinstance(error, Unexpected):
        given, expected = error.args
        return Fault(given, expected, moment, None if in_worker else error.__cause__)
    chained = WorkerError("".join(traceback.format_exception(error))) if in_worker else error
    form = STEP_FORM if call == "step" else RESET_FORM
    modules = _modules(error.__traceback__)
    unpacking = "unpack" in str(error) and isinstance(error, TypeError | ValueError)
    if unpacking and modules and modules[-1].startswith(WRAPPING):
        return Fault(f"{call}() returned something else ({error})", f"{form}, as Gymnasium has them", moment, chained)
    if any(module in CONVERTING for module in modules):
        given = f"an observation{_value(error.__traceback__)} that cannot be read ({type(error).__name__}: {error})"
        return Fault(given, f"one of the observation space {space}", moment, chained)
    said = f"{call}() raised {type(error).__name__}" + (f": {error}" if str(error) else "")
    return Fault(short(said, 200), f"{call}() to return {form}", moment, chained)


def observed(obs: Any, space: spaces.Box) -> NDArray[Any]:
    """An observation as an array that fits a space. Unexpected where it does not."""
    try:
        array = np.asarray(obs)
    except (TypeError, ValueError) as error:
        raise Unexpected(f"an observation that is no array, {short(obs)}", f"shape {space.shape}") from error
    expected = f"shape {space.shape} and dtype {space.dtype}"
    if array.dtype.kind not in "biuf":
        raise Unexpected(f"an observation of type {type(obs).__name__}, {short(obs)}", expected)
    if array.shape != space.shape:
        raise Unexpected(f"an observation of shape {array.shape}", expected)
    if np.can_cast(array.dtype, space.dtype, "same_kind"):
        return array
    if array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= space.high.max():  # an image of wide integers
        return array.astype(space.dtype)
    raise Unexpected(f"an observation of dtype {array.dtype} from {array.min()} to {array.max()}", expected)


def number(reward: Any) -> float:
    """A reward that is not of the usual types, as a number. Unexpected where it is none."""
    try:
        array = np.asarray(reward)
    except (TypeError, ValueError) as error:
        raise Unexpected(f"a reward that is no number, {short(reward)}", "a number") from error
    if array.ndim or array.dtype.kind not in "biuf":
        what = f"of shape {array.shape}" if array.ndim else f"of type {type(reward).__name__}"
        raise Unexpected(f"a reward {what}, {short(reward)}", "a number")
    return float(array)


def flag(value: Any, name: str) -> bool:
    """``terminated`` or ``truncated`` that is not of the usual types, as a bool. Unexpected where it is none."""
    array = np.asarray(value)
    if value is not None and (array.ndim or array.dtype.kind not in "biuf"):
        raise Unexpected(f"{name} of type {type(value).__name__}, {short(value)}", "true or false")
    return bool(value)


class Unfit(NamedTuple):
    """The first copy whose numbers are not finite, or too large for a float32."""

    copy: int
    """Which."""
    values: NDArray[Any]
    """All its numbers."""
    part: str = ""
    """Of its observation, where that has several."""

    def fault(self, name: str, moment: Moment) -> Fault:
        """What is said of it."""
        flat = np.asarray(self.values).reshape(-1)
        bad = int(np.flatnonzero(~(np.abs(flat) <= LARGEST))[0])
        place = [int(i) for i in np.unravel_index(bad, np.shape(self.values))]
        what = f"{name} {self.part!r}" if self.part else name
        return Fault(f"{what} {flat[bad]}" + (f" at {place}" if place else ""), "finite numbers of float32", moment)


def unfit(obs: NDArray[Any], space: spaces.Box) -> Unfit | None:
    """The first copy whose observation among (E, *obs_shape) holds NaN or an infinity; images never do."""
    if space.dtype == np.float32:
        return None if all_fit(obs) else first_unfit(obs)
    if isinstance(space, Packed):
        for part in space.layout:
            if not is_image(part.space):
                numbers = np.ascontiguousarray(obs[:, part.start : part.start + part.size]).view(np.float32)
                if not all_fit(numbers):
                    return first_unfit(numbers.reshape(-1, *part.space.shape), part.name)
    return None


def all_fit(values: NDArray[Any]) -> bool:
    """Whether all numbers are finite, and small enough for a float32."""
    flat = values.reshape(-1)
    # One product that is small says so of all of them, for a third of what looking at each costs; vdot, unlike dot,
    # does not warn where it overflows.
    return bool(np.vdot(flat, flat) <= LARGEST or (np.abs(flat) <= LARGEST).all())


def first_unfit(values: NDArray[Any], part: str = "") -> Unfit:
    """The first row of (E, ...) that is not finite, of which there is one."""
    fits_E = (np.abs(values.reshape(len(values), -1)) <= LARGEST).all(1)
    copy = int(np.flatnonzero(~fits_E)[0])
    return Unfit(copy, values[copy], part)


def short(value: Any, most: int = 60) -> str:
    """A value as one line of no more than so many characters."""
    text = " ".join((value if isinstance(value, str) and most > 60 else repr(value)).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _modules(trace: TracebackType | None) -> list[str]:
    """Names of the modules that an exception came through, the one that raised it last."""
    return [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(trace)]


def _value(trace: TracebackType | None) -> str:
    """The observation that was being converted, where it can be found."""
    for frame, _ in traceback.walk_tb(trace):
        if frame.f_globals.get("__name__") in CONVERTING and "observation" in frame.f_locals:
            return f" {short(frame.f_locals['observation'])}"
    return ""
