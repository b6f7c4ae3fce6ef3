"""LeRobot's layout of recorded episodes, version 3.0 (https://github.com/huggingface/lerobot): Parquet and JSON.

meta/info.json                            how much there is, frames a second, what the columns are
meta/stats.json                           least, largest, mean and deviation of each column
meta/tasks.parquet                        what was to be done, by number
meta/episodes/chunk-000/file-000.parquet  each episode: its number, its length, which rows, in which file
data/chunk-000/file-000.parquet           a row a step
meta/palestra.json                        ours: the world, and who was recorded how

A column of shape (1,) holds numbers, any other lists of a fixed length. What that layout has no place for stands beside
what it knows, in columns of ours: whether an episode ended by itself, and what its last step led to.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.episodes import Episodes, check_world, checked
from palestra.envs.space_json import space_from_json
from palestra.errors import UsageError, missing_extra, require
from palestra.runs.atomic import clear_disk_errors, write_json
from palestra.runs.files import parse_json

VERSION = "v3.0"
INFO, STATS, OURS = Path("meta/info.json"), Path("meta/stats.json"), Path("meta/palestra.json")
TASKS = Path("meta/tasks.parquet")
STEPS, EPISODES = Path("data/chunk-000/file-000.parquet"), Path("meta/episodes/chunk-000/file-000.parquet")
FINAL, TERMINATED = "palestra/final_observation", "palestra/terminated"
SECOND = 10
"""Steps of a second: recorded episodes do not say how long one takes."""
SEEN, DONE, PAID, OVER = "observation.state", "action", "next.reward", "next.done"


def write_lerobot(folder: Path, episodes: Episodes, fps: int = SECOND) -> None:
    """Write a folder, whole or not at all.

    Args:
        folder: which there may not be yet, unless it is empty.
        episodes: of vectors; UsageError for images, which would be videos.
        fps: steps of a second.

    Raises PalestraError where the disk refuses.
    """
    vectors = episodes.observations.ndim == 2 and episodes.observations.dtype == np.float32
    require(vectors, f"observations {episodes.observations.shape[1:]}", "vectors of numbers, to be written as columns")
    check_new(folder)
    require(fps >= 1, f"fps={fps}", "at least 1")
    columns = _columns(episodes, fps)
    draft = folder.with_name(f".{folder.name}.tmp-{os.getpid()}")
    with clear_disk_errors(folder, "--to"):
        try:
            for path in (STEPS, EPISODES, TASKS):
                (draft / path).parent.mkdir(parents=True, exist_ok=True)
            _write_table(draft / STEPS, columns)
            _write_table(draft / EPISODES, _episode_columns(episodes))
            task = str(episodes.facts["env"])
            _write_table(draft / TASKS, {"task_index": np.zeros(1, np.int64), "task": [task]}, index="task")
            write_json(draft / INFO, _info(episodes, columns, fps), "--to")
            write_json(draft / STATS, {name: _stats(column) for name, column in columns.items()}, "--to")
            write_json(draft / OURS, episodes.facts, "--to")
            if folder.exists():
                folder.rmdir()
            os.replace(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def check_new(folder: Path) -> None:
    """UsageError where nothing can be written: where there is something already, or no pyarrow."""
    empty = not folder.exists() or (folder.is_dir() and next(folder.iterdir(), None) is None)
    require(empty, f"{folder}, in which there is something", "a new folder")
    _arrow()


def holds_lerobot(folder: Path) -> bool:
    """Whether a folder is one of this layout."""
    return (folder / INFO).is_file()


def read_lerobot(folder: Path) -> Episodes:
    """What ``write_lerobot`` wrote. UsageError, in one line, for anything else."""
    info, facts = (_json(folder, path) for path in (INFO, OURS))
    check_world(folder, facts)
    require(info.get("codebase_version") == VERSION, f"{folder} of {info.get('codebase_version')!r}", VERSION)
    steps = _read_table(folder / STEPS, [SEEN, DONE, PAID, OVER])
    each = _read_table(folder / EPISODES, ["dataset_to_index", FINAL, TERMINATED])
    ends = each["dataset_to_index"].astype(np.int64)
    last: NDArray[np.bool_] = np.zeros(len(steps[OVER]), bool)
    known = len(ends) > 0 and bool((ends >= 1).all() and (ends <= len(last)).all())
    require(known, f"{folder}, whose episodes end at {ends[:3]} ... of {len(last)} steps", "episodes within its steps")
    last[ends[each[TERMINATED].astype(bool)] - 1] = True
    try:
        shape = space_from_json(facts["spaces"]["action"]).shape or ()
        actions = steps[DONE].reshape(len(last), *shape)
        seen = steps[SEEN].reshape(len(last), -1)
        arrays = {
            "observations": seen, "actions": actions, "rewards": steps[PAID], "terminated": last,
            "truncated": steps[OVER].astype(bool) & ~last, "ends": ends,
            "final_observations": each[FINAL].reshape(len(ends), -1),
        }  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder} holds no recorded episodes ({error}); expected what Palestra wrote") from error
    return checked(folder, arrays, facts)


def _columns(e: Episodes, fps: int) -> dict[str, NDArray[Any]]:
    """Every column of the steps, by the name that LeRobot knows it by; (N,) or (N, k)."""
    frame = np.arange(len(e.rewards)) - e.starts[e.numbers]
    return {
        SEEN: e.observations, DONE: e.actions.reshape(len(e.actions), -1), PAID: e.rewards,
        OVER: e.terminated | e.truncated, "timestamp": (frame / fps).astype(np.float32), "frame_index": frame,
        "episode_index": e.numbers, "index": np.arange(len(e.rewards)),
        "task_index": np.zeros(len(e.rewards), np.int64),
    }  # fmt: skip


def _episode_columns(e: Episodes) -> dict[str, Any]:
    """Every column of the episodes."""
    count = len(e.ends)
    zeros: NDArray[np.int64] = np.zeros(count, np.int64)
    return {
        "episode_index": np.arange(count), "tasks": [[str(e.facts["env"])]] * count, "length": e.lengths,
        "data/chunk_index": zeros, "data/file_index": zeros, "meta/episodes/chunk_index": zeros,
        "meta/episodes/file_index": zeros, "dataset_from_index": e.starts, "dataset_to_index": e.ends,
        FINAL: e.final_observations, TERMINATED: e.terminated[e.ends - 1],
    }  # fmt: skip


def _info(e: Episodes, columns: dict[str, NDArray[Any]], fps: int) -> dict[str, Any]:
    shapes = {name: column.shape[1:] or (1,) for name, column in columns.items()}
    features = {
        name: {"dtype": str(column.dtype), "shape": list(shapes[name]), "names": None}
        for name, column in columns.items()
    }
    return {
        "codebase_version": VERSION, "robot_type": None, "total_episodes": len(e.ends), "total_frames": len(e.rewards),
        "total_tasks": 1, "chunks_size": 1000, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200, "fps": fps,
        "splits": {"train": f"0:{len(e.ends)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet", "video_path": None,
        "features": features,
    }  # fmt: skip


def _stats(column: NDArray[Any]) -> dict[str, list[float]]:
    rows = column.reshape(len(column), -1).astype(np.float64)
    found = {name: getattr(rows, name)(0).tolist() for name in ("min", "max", "mean", "std")}
    return {**found, "count": [len(rows)]}


def _write_table(path: Path, columns: dict[str, Any], index: str = "") -> None:
    """A table; with an index, pandas finds it as that of the rows."""
    pa, parquet = _arrow()
    table = pa.table({name: _arrow_column(pa, column) for name, column in columns.items()})
    if index:
        kinds = {name: "unicode" if name == index else "int64" for name in columns}
        described = [
            {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": kind.replace("unicode", "object"),
             "metadata": None}
            for name, kind in kinds.items()
        ]  # fmt: skip
        about = {"index_columns": [index], "columns": described, "column_indexes": []}
        table = table.replace_schema_metadata({b"pandas": json.dumps(about).encode()})
    parquet.write_table(table, path)


def _arrow_column(pa: Any, column: Any) -> Any:
    if not isinstance(column, np.ndarray):
        return pa.array(column)
    if column.ndim == 2 and column.shape[1] > 1:
        return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(column).ravel()), column.shape[1])
    return pa.array(column.reshape(-1))


def _read_table(path: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    """Columns (N,) or (N, k), by name."""
    pa, parquet = _arrow()
    try:
        table = parquet.read_table(path, columns=names)
        found = {}
        for name in names:
            whole = pa.concat_arrays(table.column(name).chunks)
            flat = whole.flatten() if isinstance(whole, pa.ListArray | pa.FixedSizeListArray) else whole
            numbers = np.array(flat.to_numpy(zero_copy_only=False))  # one that may be written to
            found[name] = numbers if len(numbers) == len(whole) else numbers.reshape(len(whole), -1)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"{path} cannot be read ({said}); expected what Palestra wrote") from error
    return found


def _json(folder: Path, path: Path) -> dict[str, Any]:
    try:
        return parse_json((folder / path).read_bytes())
    except (OSError, ValueError) as error:
        said = f"{path} cannot be read: {error}"
        raise UsageError(f"{folder} holds no recorded episodes ({said}); expected what Palestra wrote") from error


def _arrow() -> tuple[Any, Any]:
    """Pyarrow and its Parquet."""
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing_extra("lerobot", "LeRobot's layout") from error
    return pyarrow, pyarrow.parquet
