"""Whether two runs are the same training: every bit that is learned, every row that is recorded."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.runs import checkpoints
from palestra.runs.checkpoints import Loaded
from palestra.runs.series import read_rows, read_timing
from palestra.runs.store import Run

TOLD = ("status", "ending", "steps", "headline", "best_step", "exact", "claim")
"""What a manifest says of a training, as opposed to when, where and in how many lives it was trained."""


def differences(
    one: Path, other: Path, *, load: Callable[[Path], Loaded] = checkpoints.load_latest, exact: bool = True
) -> list[str]:
    """A line for each thing in which two finished runs differ; none if they are bit for bit the same training.

    Compares the last checkpoint (learner and trainer), the best one, which ones are kept, all deterministic rows, the
    steps of the timings, and what the manifests say.

    Args:
        one: folder of a run.
        other: folder of another; ``load`` reads its last checkpoint.
        load: from the folder of checkpoints to its newest one.
        exact: whether to compare the manifests' ``exact``.
    """
    last = checkpoints.load_latest(one / "checkpoints").state
    found = list(_state(last, load(other / "checkpoints").state, "last"))
    rows, other_rows = _rows(one), _rows(other)
    if rows != other_rows:
        both = sorted(rows ^ other_rows)
        found.append(f"{len(both)} of {len(rows)} and {len(other_rows)} rows differ, first {both[0]}")
    if read_timing(one / "metrics.db", "time/seconds")[0].tolist() != _timing_steps(other):
        found.append("timings stand at other steps")
    told, other_told = Run.open(one, one.parent).manifest, Run.open(other, other.parent).manifest
    found += [
        f"manifest {key}: {told[key]} and {other_told[key]}"
        for key in TOLD
        if told[key] != other_told[key] and (exact or key != "exact")
    ]
    if load is checkpoints.load_latest:
        best = told["best_step"]
        if best is not None and best == other_told["best_step"]:
            pair = (checkpoints.load(checkpoints.find(run / "checkpoints", best)).state for run in (one, other))
            found += _state(*pair, "best")
        opened = last["trainer"]["open"]
        found += _kept(one, other, {told["steps"], best, opened and opened["best_step"]} - {None})
    return found


def _kept(one: Path, other: Path, needed: set[int]) -> Iterator[str]:
    """What is needed and the one before the last are there (which one that is depends on the time), no more.

    Needed are the last, the best, and the one that was the best before the last rows closed early: where the training
    is taken further, these are taken back.
    """
    for path in (other / "checkpoints").glob(".*"):
        yield f"left in checkpoints: {path.name}"
    kept = set(checkpoints.steps(other / "checkpoints"))
    enough = min(2, len(checkpoints.steps(one / "checkpoints")))
    if not (needed <= kept and len(kept - needed) <= 1 and len(kept) >= enough):
        yield f"kept {sorted(kept)}, needed {sorted(needed)}"


def _timing_steps(run: Path) -> list[int]:
    """Steps of the clock's rows; time must not run backwards over a resume."""
    steps, seconds = read_timing(run / "metrics.db", "time/seconds")
    assert (np.diff(seconds) >= 0).all()
    return steps.tolist()


def _rows(run: Path) -> set[tuple[int, str, bytes]]:
    rows = read_rows(run / "metrics.db")
    distinct = {(step, name, struct.pack("d", value)) for step, name, value in rows}
    assert len({(step, name) for step, name, _ in distinct}) == len(rows), "a row stands twice"
    return distinct


def _state(one: Any, other: Any, path: str) -> Iterator[str]:
    if type(one) is not type(other):
        yield f"{path}: {type(one).__name__} and {type(other).__name__}"
    elif isinstance(one, dict):
        if list(one) != list(other):
            yield f"{path}: keys {list(one)} and {list(other)}"
        for key in one.keys() & other.keys():
            yield from _state(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)} items"
        for i, pair in enumerate(zip(one, other)):
            yield from _state(*pair, f"{path}[{i}]")
    elif isinstance(one, Tensor):
        if one.dtype != other.dtype or one.shape != other.shape or _bytes(one) != _bytes(other):
            yield f"{path}: {_distance(one, other)}"
    elif isinstance(one, np.ndarray):
        yield from _state(torch.from_numpy(one), torch.from_numpy(other), path)
    elif isinstance(one, float):
        if struct.pack("d", one) != struct.pack("d", other):
            yield f"{path}: {one} and {other}"
    elif one != other:
        yield f"{path}: {one} and {other}"


def _bytes(tensor: Tensor) -> bytes:
    if tensor.numel() == 0:  # its stride may be anything, and a view as bytes wants 1
        return b""
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _distance(one: Tensor, other: Tensor) -> str:
    if one.shape != other.shape or one.dtype != other.dtype:
        return f"{one.dtype} {tuple(one.shape)} and {other.dtype} {tuple(other.shape)}"
    return f"{int((one != other).sum())} of {one.numel()} numbers differ"
