"""The index is a cache: right whatever happens to it, and no row is lost when many write at once."""

import multiprocessing
import os
import random
import sqlite3
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.runs import index
from palestra.runs.store import Run

FORK = multiprocessing.get_context("fork")


def finished(root: Path, seed: int, **fields: Any) -> Run:
    with Run.create(root, "cartpole", "ppo", seed, {}) as run:
        run.update_manifest(status="finished", **fields)
    return run


def stored(root: Path) -> list[str]:
    with closing(sqlite3.connect(root / "index.db")) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM runs ORDER BY id")]


def test_rows(tmp_path: Path) -> None:
    assert index.list_runs(tmp_path / "none") == []
    assert index.list_runs(tmp_path) == []
    assert os.listdir(tmp_path) == [], "looking into a folder without runs leaves nothing in it"
    headline = {"name": "eval/return_mean", "value": 487.5}
    run = finished(tmp_path, 3, steps=5000, seconds=1.25, headline=headline, exact=False)
    index.enter(tmp_path, run)
    expected = index.RunRow(
        run.id, "cartpole", "ppo", 3, "finished", run.manifest["created"], 5000, 1.25, "eval/return_mean", 487.5, False
    )  # fmt: skip
    for _ in range(2):  # from the folder, from the index
        (row,) = index.list_runs(tmp_path)
        assert row == expected
        assert row.exact is False
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_newest_first_and_nan_headline(tmp_path: Path) -> None:
    runs = [finished(tmp_path, seed) for seed in range(3)]
    runs[1].manifest["created"] = "2099-01-01T00:00:00+00:00"
    with Run.open(runs[1].id, tmp_path, write=True) as run:
        run.update_manifest(created="2099-01-01T00:00:00+00:00", headline={"name": "x", "value": float("nan")})
    for _ in range(2):
        rows = index.list_runs(tmp_path)
        assert rows[0].id == runs[1].id
        assert (rows[0].headline_name, rows[0].headline_value) == ("x", None)


def test_status_follows_the_lock(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", "b", 0, {})
    assert index.list_runs(tmp_path)[0].status == "running"
    run.close()
    assert index.list_runs(tmp_path)[0].status == "interrupted"


def test_a_change_nobody_recorded_is_seen(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run:
        index.enter(tmp_path, run)
        for steps in range(1, 6):
            run.update_manifest(steps=steps)
            assert index.list_runs(tmp_path)[0].steps == steps


def test_folders_that_are_no_runs(tmp_path: Path) -> None:
    run = finished(tmp_path, 0)
    for name in ("notes", ".trash-old-1", ".new-cartpole-1"):
        (tmp_path / name).mkdir()
    (tmp_path / ".trash-old-1" / "manifest.json").write_text("{}")
    (tmp_path / "notes" / "manifest.json").write_text('{"not": "a run"}')
    assert [row.id for row in index.list_runs(tmp_path)] == [run.id]


@pytest.mark.parametrize("damage", ["missing", "empty", "noise", "header", "middle", "truncated", "old"])
def test_a_damaged_index_is_rebuilt(tmp_path: Path, damage: str) -> None:
    runs = {finished(tmp_path, seed).id for seed in range(5)}
    assert {row.id for row in index.list_runs(tmp_path)} == runs
    path = tmp_path / "index.db"
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "old":
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("DROP TABLE runs; CREATE TABLE runs (other TEXT); PRAGMA user_version = 99")
    else:
        bad = {
            "empty": b"",
            "noise": random.Random(0).randbytes(5000),
            "header": b"X" + data[1:],
            "middle": data[:4096] + bytes(len(data) - 4096),
            "truncated": data[: len(data) // 2],
        }
        path.write_bytes(bad[damage])
    assert {row.id for row in index.list_runs(tmp_path)} == runs
    assert stored(tmp_path) == sorted(runs)


def test_reindex(tmp_path: Path) -> None:
    runs = {finished(tmp_path, seed).id for seed in range(3)}
    for name, age in (("young", 0), ("stale", 7200)):
        folder = tmp_path / f".new-{name}"
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    (tmp_path / ".trash-x-1").mkdir()
    assert {row.id for row in index.reindex(tmp_path)} == runs
    assert stored(tmp_path) == sorted(runs)
    assert sorted(name for name in os.listdir(tmp_path) if name.startswith(".")) == [".new-young"]


def test_remove(tmp_path: Path) -> None:
    gone, kept = finished(tmp_path, 0), finished(tmp_path, 1)
    index.list_runs(tmp_path)
    index.remove(tmp_path, gone.id)
    assert sorted(os.listdir(tmp_path)) == sorted([kept.id, "index.db"])
    assert stored(tmp_path) == [kept.id]
    for unknown in (gone.id, "..", "", "index.db"):
        with pytest.raises(UsageError, match="unknown run"):
            index.remove(tmp_path, unknown)


def test_remove_refuses_a_run_in_training(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run, pytest.raises(UsageError, match="is being trained by another"):
        index.remove(tmp_path, run.id)
    assert [row.id for row in index.list_runs(tmp_path)] == [run.id]


def test_a_folder_deleted_by_hand_leaves_the_list(tmp_path: Path) -> None:
    run = finished(tmp_path, 0)
    other = finished(tmp_path, 1)
    index.list_runs(tmp_path)
    run.path.rename(tmp_path.parent / "elsewhere")
    assert [row.id for row in index.list_runs(tmp_path)] == [other.id]
    assert stored(tmp_path) == [other.id]


def test_a_run_that_comes_during_a_listing_keeps_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = finished(tmp_path, 0), finished(tmp_path, 1)
    index.list_runs(tmp_path)
    monkeypatch.setattr(index, "run_ids", lambda root: [old.id])
    index.list_runs(tmp_path)
    assert stored(tmp_path) == sorted([old.id, new.id])


def test_a_listing_that_cannot_write_still_lists(tmp_path: Path) -> None:
    run = finished(tmp_path, 0)
    (tmp_path / "index.db").mkdir()  # nothing can be opened there
    assert [row.id for row in index.list_runs(tmp_path)] == [run.id]
    index.enter(tmp_path, run)


def train(root: Path, seed: int) -> None:
    index.suppress = lambda *errors: nullcontext()  # type: ignore[attr-defined, assignment] # here none may occur
    with Run.create(root, "cartpole", "ppo", seed, {}) as run:
        index.enter(root, run)
        for step in range(1, 6):
            run.metrics.add(step, {"x": float(step)})
            run.metrics.commit()
            run.update_manifest(steps=step)
            index.enter(root, run)
            for _ in range(5):
                index.enter(root, run)
                index.list_runs(root)
        run.update_manifest(status="finished")
        index.enter(root, run)


def test_eight_trainers_at_once_lose_no_row(tmp_path: Path) -> None:
    children = [FORK.Process(target=train, args=(tmp_path, seed)) for seed in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection:  # before a listing makes anything good
        rows = connection.execute("SELECT seed, status, steps FROM runs ORDER BY seed").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert rows == [(seed, "finished", 5) for seed in range(8)]
    assert len(index.list_runs(tmp_path)) == 8


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_text("{}"), "manifest.json is damaged: format is missing"),
        (lambda path: path.write_text('{"a": ' + "[" * 10**5 + "]" * 10**5 + "}"), "nested deeper than"),
        (lambda path: path.unlink(), "manifest.json cannot be opened: No such file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "manifest.json is a named pipe"),
        (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "manifest.json leads out of"),
    ],
)
def test_a_damaged_run_is_said_and_the_others_are_listed(tmp_path: Path, damage: Any, said: str) -> None:
    good, bad = (finished(tmp_path, seed) for seed in range(2))
    for _ in range(2):  # damaged after it was listed, and before
        rows = index.list_runs(tmp_path)
        damage(bad.path / "manifest.json") if len(rows) == 2 else None
    assert [row.id for row in rows] == [good.id]
    (found,) = index.unreadable(tmp_path, rows)
    assert found.id == bad.id
    assert said in found.why
    index.remove(tmp_path, bad.id)
    assert index.unreadable(tmp_path, index.list_runs(tmp_path)) == []


def test_rows_that_no_listing_wrote_are_read_again(tmp_path: Path) -> None:
    run = finished(tmp_path, 0, steps=7)
    index.list_runs(tmp_path)
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection:
        connection.execute("UPDATE runs SET steps = 'many', status = x'00'")
        connection.commit()
    assert [(row.id, row.steps) for row in index.list_runs(tmp_path)] == [(run.id, 7)]


def test_a_database_elsewhere_is_left_alone(tmp_path: Path) -> None:
    run, other = finished(tmp_path / "runs", 0), tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE runs (mine TEXT)")
    before = other.read_bytes()
    (tmp_path / "runs" / "index.db").symlink_to(other)
    assert [row.id for row in index.list_runs(tmp_path / "runs")] == [run.id]
    assert other.read_bytes() == before
