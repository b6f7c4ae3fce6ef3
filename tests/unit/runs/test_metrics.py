"""The writer: batches, no duplicates, truncation, NaN and infinities, and what it does when the disk is full."""

import math
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from palestra.errors import PalestraError
from palestra.runs.metrics import MetricsWriter
from palestra.runs.series import read_names, read_rows, read_timing_names


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[MetricsWriter]:
    writer = MetricsWriter(tmp_path / "metrics.db")
    yield writer
    writer._connection.close()


def database(tmp_path: Path) -> Path:
    return tmp_path / "metrics.db"


def test_settings_of_the_database(writer: MetricsWriter) -> None:
    ask = writer._connection.execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_nothing_is_there_before_commit(writer: MetricsWriter, tmp_path: Path) -> None:
    writer.add(0, {"b": 1, "a": 2.5})
    writer.add(10, {"a": 0.1})
    assert read_rows(database(tmp_path)) == []
    writer.commit()
    assert read_rows(database(tmp_path)) == [(0, "a", 2.5), (0, "b", 1.0), (10, "a", 0.1)]
    writer.commit()
    assert len(read_rows(database(tmp_path))) == 3


def test_close_commits(tmp_path: Path) -> None:
    writer = MetricsWriter(database(tmp_path))
    writer.add(1, {"a": 1.0})
    writer.close()
    assert os.listdir(tmp_path) == ["metrics.db"]
    assert read_rows(database(tmp_path)) == [(1, "a", 1.0)]


def test_every_float_survives(writer: MetricsWriter, tmp_path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, 0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    for step, value in enumerate(values):
        writer.add(step, {"x": value})
    writer.commit()
    assert [value.hex() for _, _, value in read_rows(database(tmp_path))] == [value.hex() for value in values]


@pytest.mark.parametrize("committed", [True, False])
def test_a_second_value_for_a_step_raises(writer: MetricsWriter, tmp_path: Path, committed: bool) -> None:
    writer.add(7, {"train/loss": 1.0, "other": 1.0})
    if committed:
        writer.commit()
    writer.add(7, {"train/loss": 1.0})
    with pytest.raises(PalestraError, match="train/loss at step 7 already has a value"):
        writer.commit()
    assert len(read_rows(database(tmp_path))) == (2 if committed else 0), "a batch is whole or absent"


def test_timings_are_apart(writer: MetricsWriter, tmp_path: Path) -> None:
    writer.add(1, {"x": 1.0})
    writer.add_timing(1, {"x": 9.0, "time/seconds": 2.0})
    writer.commit()
    assert read_rows(database(tmp_path)) == [(1, "x", 1.0)]
    assert read_names(database(tmp_path)) == ["x"]
    assert read_timing_names(database(tmp_path)) == ["time/seconds", "x"]


@pytest.mark.parametrize(("step", "left"), [(20, 3), (15, 2), (10, 2), (0, 1), (-1, 0)])
def test_truncate_after(writer: MetricsWriter, tmp_path: Path, step: int, left: int) -> None:
    for at in (0, 10, 20):
        writer.add(at, {"x": float(at), f"only/{at}": 1.0})
        writer.add_timing(at, {"t": float(at)})
    writer.commit()
    writer.add(step + 1, {"noted": 1.0})
    writer.truncate_after(step)
    writer.commit()
    kept = [at for at in (0, 10, 20) if at <= step]
    assert len(kept) == left
    assert [at for at, name, _ in read_rows(database(tmp_path)) if name == "x"] == kept
    assert read_names(database(tmp_path)) == sorted([f"only/{at}" for at in kept] + ["x"] * bool(kept))
    assert read_timing_names(database(tmp_path)) == ["t"] * bool(kept)
    # what was dropped can be written again, as a resumed run does
    writer.add(step + 1, {"x": 1.0, "new": 2.0})
    writer.commit()
    assert (step + 1, "new", 2.0) in read_rows(database(tmp_path))


def test_resumed_rows_equal_uninterrupted_ones(tmp_path: Path) -> None:
    """Series come in another order after a resume; the rows must not show it."""
    (tmp_path / "whole").mkdir()
    whole, resumed = MetricsWriter(tmp_path / "whole" / "metrics.db"), MetricsWriter(database(tmp_path))
    for step in range(5):
        whole.add(step, {"b": step / 3, "a": step / 7})
    resumed.add(0, {"b": 0.0, "a": 0.0})
    resumed.add(3, {"z": 99.0})
    resumed.commit()
    resumed.truncate_after(0)
    for step in range(1, 5):
        resumed.add(step, {"a": step / 7, "b": step / 3})
    whole.close()
    resumed.close()
    assert read_rows(tmp_path / "whole" / "metrics.db") == read_rows(database(tmp_path))


def test_interrupted_commit_rolls_back(writer: MetricsWriter, tmp_path: Path) -> None:
    writer.add(1, {"x": 1.0})
    writer.add(2, {"x": "2"})  # type: ignore[dict-item] # float("2"): accepted
    writer._pending["points"].append(("x", 3, object()))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        writer.commit()
    assert read_rows(database(tmp_path)) == []
    writer._pending["points"].pop()
    writer.commit()
    assert [step for step, _, _ in read_rows(database(tmp_path))] == [1, 2]


def test_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        path = mount / "metrics.db"
        writer = MetricsWriter(path)
        writer.add(0, {"x": 0.5})
        writer.commit()
        ballast = mount / "ballast"
        ballast.write_bytes(b"0" * shutil.disk_usage(mount).free)
        for step in range(1, 20_000):
            writer.add(step, {"x": float(step)})
        with pytest.raises(PalestraError, match=r"cannot write .*metrics.db: No space left on device; free space"):
            writer.commit()
        assert read_rows(path) == [(0, "x", 0.5)]
        ballast.unlink()
        writer.truncate_after(5000)
        writer.close()  # once there is space, what was noted goes in after all
        assert len(read_rows(path)) == 5001
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_not_a_database(tmp_path: Path) -> None:
    database(tmp_path).write_bytes(b"something else" * 100)
    with pytest.raises(PalestraError, match=r"cannot write .*metrics.db: file is not a database"):
        MetricsWriter(database(tmp_path))


def test_retract(writer: MetricsWriter, tmp_path: Path) -> None:
    for step in (0, 5):
        writer.add(step, {"a": 1.0, "b": 2.0, "c": 3.0})
    writer.commit()
    writer.retract(5, ["a", "c", "unknown"])
    writer.add(5, {"a": 9.0})
    writer.commit()
    assert sorted((step, name, value) for step, name, value in read_rows(database(tmp_path))) == [
        (0, "a", 1.0), (0, "b", 2.0), (0, "c", 3.0), (5, "a", 9.0), (5, "b", 2.0),
    ]  # fmt: skip
    writer.retract(0, [])
    assert len(read_rows(database(tmp_path))) == 5
