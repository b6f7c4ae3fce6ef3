"""Atomic files: the old content or the new, never a part, and one clear line when the disk refuses."""

import errno
import json
import os
import sqlite3
from pathlib import Path

import pytest

from palestra.errors import PalestraError
from palestra.runs.atomic import database_error, disk_error, remove_temporaries, replacing, write_bytes, write_json


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"a": [1, 2.5, None], "b": float("inf")})
    write_json(path, {"a": "new", "nan": float("nan")})
    value = json.loads(path.read_text())
    assert value["a"] == "new"
    assert value["nan"] != value["nan"]
    assert os.listdir(path.parent) == ["file.json"]


def test_order_of_system_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content must be durable before the rename, and the rename before the call returns."""
    calls = []
    fsync, rename = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        calls.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    def note_rename(source: Path, target: Path) -> None:
        calls.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_rename)
    write_bytes(tmp_path / "file", b"data")
    assert calls == [f".file.tmp-{os.getpid()}", "rename", tmp_path.name]


def write_half(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_unserialisable_value_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, 1)
    with pytest.raises(TypeError):
        write_json(path, {"path": path})
    assert path.read_text() == "1\n"


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free space on that disk"),
        (errno.EROFS, "remount the disk writable"),
        (errno.EACCES, "make the folder writable"),
        (errno.EIO, "check the disk"),
    ],
)
def test_one_line_that_says_what_to_do(tmp_path: Path, number: int, advice: str) -> None:
    run = tmp_path / "runs" / "cartpole-ppo-s0"
    write_json(run / "config.json", {})
    write_json(run / "manifest.json", {})
    path = run / "checkpoints" / "step"
    message = str(disk_error(path, OSError(number, "whatever")))
    assert "\n" not in message
    assert str(path) in message
    assert os.strerror(number) in message
    assert advice in message
    assert f"palestra train --resume {run}`; the last good checkpoint is kept" in message


def test_no_resume_advice_outside_a_run(tmp_path: Path) -> None:
    assert "--resume" not in str(disk_error(tmp_path / "x", OSError(errno.ENOSPC, "")))


def test_sqlite_errors_read_the_same(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "full.db")
    connection.execute("PRAGMA page_size = 512")
    connection.execute("PRAGMA max_page_count = 4")
    connection.execute("CREATE TABLE t (x BLOB)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    connection.close()
    assert "No space left on device; free space" in str(database_error(tmp_path / "full.db", caught.value))


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(PalestraError, match="No space left on device; free space"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_remove_temporaries(tmp_path: Path) -> None:
    for name in (".metrics.json.tmp-123", ".lock", "kept.json"):
        (tmp_path / name).touch()
    remove_temporaries(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".lock", "kept.json"]
