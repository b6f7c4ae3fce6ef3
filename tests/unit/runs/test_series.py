"""Readers see what is committed, change nothing, and shorten long series faithfully."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from palestra.errors import PalestraError
from palestra.runs.metrics import MetricsWriter
from palestra.runs.series import (
    read_after,
    read_buckets,
    read_last_steps,
    read_names,
    read_series,
    read_timing,
)


def write(path: Path, name: str, steps: list[int], values: list[float]) -> MetricsWriter:
    writer = MetricsWriter(path)
    for step, value in zip(steps, values):
        writer.add(step, {name: value})
    writer.commit()
    return writer


def test_series(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    writer = write(path, "x", [5, 1, 3], [0.5, float("nan"), float("inf")])
    writer.add_timing(1, {"t": 2.0})
    writer.commit()
    steps, values = read_series(path, "x")
    assert steps.dtype == np.int64
    assert values.dtype == np.float64
    np.testing.assert_array_equal(steps, [1, 3, 5])
    np.testing.assert_array_equal(values, [np.nan, np.inf, 0.5])
    assert [array.tolist() for array in read_timing(path, "t")] == [[1], [2.0]]
    assert [len(array) for array in read_series(path, "unknown")] == [0, 0]
    assert [len(array) for array in read_buckets(path, "unknown", 10)] == [0] * 5
    writer.close()


def test_a_short_series_is_returned_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    write(path, "x", [0, 1, 100], [1.0, float("nan"), 3.0]).close()
    steps, low, mean, high, count = read_buckets(path, "x", 3)
    np.testing.assert_array_equal(steps, [0, 1, 100])
    for values in (low, mean, high):
        np.testing.assert_array_equal(values, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(count, [1, 0, 1])


@pytest.mark.parametrize("max_points", [1, 7, 64, 999])
def test_buckets_against_numpy(tmp_path: Path, max_points: int) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "metrics.db"
    steps = np.sort(rng.choice(10**9, 1000, replace=False))
    values = np.where(rng.random(1000) < 0.1, np.nan, rng.normal(size=1000))
    write(path, "x", steps.tolist(), values.tolist()).close()
    got = read_buckets(path, "x", max_points)
    assert 1 <= len(got.steps) <= max_points
    width = int(steps[-1] - steps[0]) + 1
    number = [int(step - steps[0]) * max_points // width for step in steps]
    for i, bucket in enumerate(sorted(set(number))):
        inside = np.array(number) == bucket
        finite = values[inside][np.isfinite(values[inside])]
        assert got.steps[i] == steps[inside][-1]
        assert got.counts[i] == len(finite)
        expected = [finite.min(), finite.mean(), finite.max()] if len(finite) else [np.nan] * 3
        np.testing.assert_allclose([got.low[i], got.mean[i], got.high[i]], expected, rtol=1e-12)


def test_reading_beside_the_writer_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    writer = write(path, "x", list(range(100)), [0.0] * 100)
    wal = path.with_name("metrics.db-wal")
    before = path.read_bytes(), wal.read_bytes()
    for _ in range(3):
        assert read_names(path) == ["x"]
        read_series(path, "x")
    assert (path.read_bytes(), wal.read_bytes()) == before, "a reader checkpointed"
    writer.close()


def test_reading_after_a_kill_changes_nothing(tmp_path: Path) -> None:
    """The log that a killed writer left is the next writer's to recover; a reader only reads it."""
    path = tmp_path / "metrics.db"
    writer = write(path, "x", list(range(100)), [0.5] * 100)
    left = tmp_path / "left"
    left.mkdir()
    for name in ("metrics.db", "metrics.db-wal"):
        shutil.copy(tmp_path / name, left / name)
    writer.close()
    before = [(left / name).read_bytes() for name in ("metrics.db", "metrics.db-wal")]
    for _ in range(2):
        assert len(read_series(left / "metrics.db", "x")[0]) == 100
    assert [(left / name).read_bytes() for name in ("metrics.db", "metrics.db-wal")] == before


def test_no_numbers_yet(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    with pytest.raises(PalestraError, match="the run has not recorded anything"):
        read_names(path)
    assert not path.exists()
    path.touch()  # a writer killed as it began
    with pytest.raises(PalestraError, match="the run has not recorded anything"):
        read_names(path)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(PalestraError, match="cannot read"):
        read_names(path)


def test_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    path = folder / "metrics.db"
    write(path, "x", [1], [2.0]).close()
    path.chmod(stat.S_IRUSR)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert read_series(path, "x")[1].tolist() == [2.0]
        if os.geteuid() != 0:  # root writes anyway
            assert os.listdir(folder) == ["metrics.db"]
    finally:
        folder.chmod(stat.S_IRWXU)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n",
            "view 'v'",
        ),
        ("UPDATE points SET value = 'high'", "could not convert"),
        ("DROP TABLE points", "no such table"),
    ],
)
def test_a_database_that_no_training_wrote_is_said(tmp_path: Path, sql: str, said: str) -> None:
    path = tmp_path / "metrics.db"
    writer = MetricsWriter(path)
    writer.add(1, {"a": 1.0})
    writer.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()
    with pytest.raises(PalestraError, match=f"(?s)cannot read .*{said}"):
        read_series(path, "a")


def test_a_database_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    MetricsWriter(tmp_path / "metrics.db").close()
    (tmp_path / "run" / "metrics.db").symlink_to(tmp_path / "metrics.db")
    for use in (read_names, MetricsWriter):
        with pytest.raises(PalestraError, match=r"metrics.db leads out of"):
            use(tmp_path / "run" / "metrics.db")


def test_buckets_of_a_part_are_of_its_rows_alone(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    write(path, "x", list(range(100)), [float(i) for i in range(100)]).close()
    got = read_buckets(path, "x", 5, 20, 39)
    assert got.steps.tolist() == [23, 27, 31, 35, 39]
    assert got.mean.tolist() == [21.5, 25.5, 29.5, 33.5, 37.5]
    assert read_buckets(path, "x", 5, 200).steps.tolist() == []
    assert read_buckets(path, "x", 100, last=2).low.tolist() == [0.0, 1.0, 2.0]


def test_buckets_of_a_wall_clock_series(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    with_timing = write(path, "x", [1], [1.0])
    for step in (2, 4):
        with_timing.add_timing(step, {"time/seconds": step / 2})
    with_timing.close()
    assert read_buckets(path, "time/seconds", 10, timing=True).mean.tolist() == [1.0, 2.0]
    assert read_buckets(path, "time/seconds", 10).mean.tolist() == []


def test_what_is_beyond_a_step_is_read_and_nothing_before(tmp_path: Path) -> None:
    path = tmp_path / "metrics.db"
    writer = write(path, "x", [1, 2, 5], [0.0, float("nan"), 2.0])
    writer.add(9, {"y": 1.0})
    writer.close()
    assert read_last_steps(path) == {"x": 5, "y": 9}
    steps, values = read_after(path, "x", 1, 10) or ([], [])
    assert list(steps) == [2, 5]
    np.testing.assert_array_equal(values, [np.nan, 2.0])
    assert [len(column) for column in read_after(path, "x", 5, 10) or ()] == [0, 0]
    assert [len(column) for column in read_after(path, "z", 0, 10) or ()] == [0, 0]
    assert read_after(path, "x", 0, 2) is None, "three are more than two"
