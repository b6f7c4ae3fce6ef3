"""Recorded episodes: what an agent saw, did and got, step by step, as arrays and as one file.

A file is an ``.npz`` without objects: NumPy alone reads it, and nothing in it is ever run. It holds every field of
:class:`Episodes` under its name; ``facts`` are the bytes of a JSON text.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.datasets.own_arrays import read_archive
from palestra.envs.space_json import space_from_json
from palestra.envs.spaces import adapted_observation_space
from palestra.errors import UsageError, require
from palestra.runs import atomic
from palestra.runs.files import parse_json

FORMAT = 1
"""Of a file."""
NAMES = ("observations", "actions", "rewards", "terminated", "truncated", "ends", "final_observations", "facts")


@dataclass(frozen=True, eq=False)
class Episodes:
    """N steps of M whole episodes, one after the other."""

    observations: NDArray[Any]
    """(N, ...) that were acted on, in the vector contract's form: float32, or uint8 images."""
    actions: NDArray[Any]
    """(N, ...) as the environment got them: int64 counted from 0, or float32 within the bounds."""
    rewards: NDArray[np.float32]
    """(N,)."""
    terminated: NDArray[np.bool_]
    """(N,): the step reached a terminal state."""
    truncated: NDArray[np.bool_]
    """(N,): the step ended the episode in a state that is not terminal."""
    ends: NDArray[np.int64]
    """(M,): steps up to the end of each episode, its own included; it begins where the one before it ended."""
    final_observations: NDArray[Any]
    """(M, ...): what the last step of each episode led to."""
    facts: dict[str, Any]
    """As JSON values: ``env``, ``env_kwargs`` and ``spaces`` of the world, and who was recorded how."""

    @property
    def starts(self) -> NDArray[np.int64]:
        """(M,) the first step of each episode."""
        return np.concatenate(([0], self.ends[:-1]))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(M,) steps of each episode."""
        lengths: NDArray[np.int64] = np.diff(self.ends, prepend=0)
        return lengths

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(N,) which episode each step is of."""
        return np.repeat(np.arange(len(self.ends)), self.lengths)

    @cached_property
    def returns(self) -> NDArray[np.float64]:
        """(M,) sums of rewards."""
        return np.add.reduceat(self.rewards.astype(np.float64), self.starts)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every array; whoever recorded them does not matter."""
        whole = hashlib.sha256()
        for name in NAMES[:-1]:
            array = getattr(self, name)
            whole.update(f"{name} {array.dtype} {array.shape}\n".encode() + np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()

    def returns_to_go(self) -> NDArray[np.float64]:
        """(N,) the sum of the rewards from each step to the end of its episode, its own included."""
        rewards = self.rewards.astype(np.float64)
        before = np.cumsum(rewards) - rewards
        to_go: NDArray[np.float64] = (before[self.starts] + self.returns)[self.numbers] - before
        return to_go

    def of(self, chosen: NDArray[np.int64]) -> "Episodes":
        """Those episodes alone, in that order."""
        rows = np.concatenate([np.arange(self.starts[i], self.ends[i]) for i in chosen])
        steps = {name: getattr(self, name)[rows] for name in NAMES[:5]}
        ends = np.cumsum(self.lengths[chosen])
        return Episodes(**steps, ends=ends, final_observations=self.final_observations[chosen], facts=self.facts)


def joined(parts: Sequence[Episodes], facts: dict[str, Any]) -> Episodes:
    """Several recordings as one, with facts of its own."""
    steps = {name: np.concatenate([getattr(part, name) for part in parts]) for name in NAMES[:5]}
    ends = np.cumsum(np.concatenate([part.lengths for part in parts]))
    final = np.concatenate([part.final_observations for part in parts])
    return Episodes(**steps, ends=ends, final_observations=final, facts=facts)


def first_episodes(
    observations: NDArray[Any], actions: NDArray[Any], rewards: NDArray[Any], terminated: NDArray[np.bool_],
    truncated: NDArray[np.bool_], next_observations: NDArray[Any], facts: dict[str, Any],
) -> Episodes:  # fmt: skip
    """The first episode of each of E copies that were stepped T times side by side; what has not ended is truncated.

    All arrays are (T, E, ...), ``next_observations`` the true successors. Taking one of each copy favours no episode
    for being short.
    """
    done = terminated | truncated
    ended = done.any(0)
    steps = np.where(ended, done.argmax(0) + 1, len(done))
    truncated = truncated.copy()
    truncated[-1] |= ~ended
    copies = range(done.shape[1])
    columns = {
        "observations": observations, "actions": actions, "rewards": rewards, "terminated": terminated,
        "truncated": truncated,
    }  # fmt: skip
    cut = {name: np.concatenate([each[: steps[e], e] for e in copies]) for name, each in columns.items()}
    final = np.stack([next_observations[steps[e] - 1, e] for e in copies])
    return Episodes(**cut, ends=np.cumsum(steps), final_observations=final, facts=facts)


def write_episodes(path: Path, episodes: Episodes) -> None:
    """Write a file, whole or not at all. Raises PalestraError where the disk refuses."""
    facts = json.dumps({"format": FORMAT, **episodes.facts}).encode()
    arrays = {field.name: getattr(episodes, field.name) for field in fields(episodes)}
    arrays["facts"] = np.frombuffer(facts, np.uint8)
    with atomic.replacing(path, "--to") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def holds_episodes(path: Path) -> bool:
    """Whether an ``.npz`` is one that ``write_episodes`` wrote, by the names in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {f"{name}.npy" for name in NAMES} <= set(archive.namelist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False


def read_episodes(path: Path) -> Episodes:
    """What ``write_episodes`` wrote. UsageError, in one line, for anything else."""
    arrays = read_archive(path)
    lacking = [name for name in NAMES if name not in arrays]
    if lacking:
        raise _damaged(path, f"it has no {lacking[0]}")
    facts = _facts(path, arrays.pop("facts"))
    return checked(path, arrays, facts)


def check_world(path: Path, facts: Any) -> None:
    """UsageError where the facts of episodes do not name the world that they are of."""
    whole = isinstance(facts, dict) and isinstance(facts.get("env"), str) and isinstance(facts.get("spaces"), dict)
    if not whole or not {"observation", "action"} <= facts["spaces"].keys():
        raise _damaged(path, "its facts name no world")


def checked(path: Path, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> Episodes:
    """Episodes of what was read: arrays and facts. UsageError, which names where, for what cannot have happened."""
    episodes = Episodes(**{name: arrays[name] for name in NAMES[:-1]}, facts=facts)
    fault = _fault(episodes)
    if fault:
        raise _damaged(path, fault)
    return episodes


def _facts(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    try:
        facts = parse_json(array.astype(np.uint8).tobytes())
    except (ValueError, TypeError) as error:
        raise _damaged(path, "its facts are no JSON") from error
    check_world(path, facts)
    require(facts.get("format") == FORMAT, f"{path} of format {facts.get('format')!r}", f"format {FORMAT}")
    return facts


def _fault(episodes: Episodes) -> str:
    """What is wrong with arrays that claim to be episodes; nothing if nothing is."""
    e, kinds = episodes, {"rewards": "f", "terminated": "b", "truncated": "b", "ends": "i"}
    for name, kind in kinds.items():
        array = getattr(e, name)
        if array.ndim != 1 or array.dtype.kind != kind:
            return f"{name} is of shape {array.shape} and {array.dtype}"
    steps, count = len(e.rewards), len(e.ends)
    for name in NAMES[:5]:
        if getattr(e, name).shape[:1] != (steps,):
            return f"{name} is of shape {getattr(e, name).shape} for {steps} rewards"
    if not count or e.ends[-1] != steps or (e.lengths < 1).any():
        return f"{count} episodes do not part its {steps} steps"
    if e.final_observations.shape != (count, *e.observations.shape[1:]):
        return f"final_observations is of shape {e.final_observations.shape} for {count} episodes"
    last = np.zeros(steps, bool)
    last[e.ends - 1] = True
    if not np.array_equal(e.terminated ^ e.truncated, last) or (e.terminated & e.truncated).any():
        return "episodes end where no step does, or twice"
    if e.observations.dtype not in (np.float32, np.uint8) or e.actions.dtype not in (np.float32, np.int64):
        return f"observations are {e.observations.dtype} and actions {e.actions.dtype}"
    for name in ("observations", "actions", "rewards", "final_observations"):
        array = getattr(e, name)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"{name} holds NaN or infinity"
    return _misfit(e)


def _misfit(e: Episodes) -> str:
    """Whether observations and actions are those of the spaces that the facts name."""
    try:
        observed, space = (space_from_json(e.facts["spaces"][name]) for name in ("observation", "action"))
        shown = adapted_observation_space(observed, e.facts["env"])[0]
    except UsageError as error:
        return f"its spaces are none: {error}"
    if e.observations.shape[1:] != shown.shape or e.observations.dtype != shown.dtype:
        return f"observations {e.observations.shape[1:]} of {e.observations.dtype} for the space {observed}"
    fits = e.actions.shape[1:] == (space.shape or ()) and (e.actions.dtype == np.float32) == isinstance(
        space, spaces.Box
    )
    if fits and not isinstance(space, spaces.Box):
        most = {spaces.Discrete: "n", spaces.MultiDiscrete: "nvec"}.get(type(space))
        fits = bool((e.actions >= 0).all() and (e.actions < (getattr(space, most) if most else 2)).all())
    return "" if fits else f"actions {e.actions.shape[1:]} of {e.actions.dtype} for the space {space}"


def _damaged(path: Path, fault: str) -> UsageError:
    return UsageError(f"{path} holds no recorded episodes ({fault}); expected what palestra record-episodes wrote")
