"""What is deleted with a way back: it comes back as it was, for a day."""

import os
import time
from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.runs import index
from palestra.runs.aside import DAY, bring_back, drop_old, list_aside, set_aside
from palestra.runs.store import Run


def finished(root: Path, seed: int) -> str:
    with Run.create(root, "cartpole", "ppo", seed, {}) as run:
        run.update_manifest(status="finished")
    return run.id


def files(path: Path) -> dict[str, bytes]:
    return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def test_it_is_gone_from_the_list_and_comes_back_as_it_was(tmp_path: Path) -> None:
    one, other = finished(tmp_path, 0), finished(tmp_path, 1)
    before = files(tmp_path / one)
    set_aside(tmp_path, one)
    assert [row.id for row in index.list_runs(tmp_path)] == [other]
    assert index.unreadable(tmp_path, index.list_runs(tmp_path)) == []
    (aside,) = list_aside(tmp_path)
    assert aside.id == one
    assert abs(aside.since - time.time()) < 10
    index.reindex(tmp_path)  # which clears what a killed removal left
    bring_back(tmp_path, one)
    assert {row.id for row in index.list_runs(tmp_path)} == {one, other}
    assert files(tmp_path / one) == before
    assert list_aside(tmp_path) == []


def test_after_a_day_it_is_gone(tmp_path: Path) -> None:
    one, other = finished(tmp_path, 0), finished(tmp_path, 1)
    set_aside(tmp_path, one)
    (folder,) = tmp_path.glob(".aside-*")
    folder.rename(tmp_path / f".aside-{int(time.time() - DAY - 1)}-{one}")
    assert list_aside(tmp_path) == []
    set_aside(tmp_path, other)
    assert [each.id for each in list_aside(tmp_path)] == [other]
    assert len(list(tmp_path.glob(".aside-*"))) == 1
    drop_old(tmp_path)
    assert len(list(tmp_path.glob(".aside-*"))) == 1


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    one = finished(tmp_path, 0)
    for unknown in ("none", "../x", ".", ""):
        with pytest.raises(UsageError, match="unknown run"):
            set_aside(tmp_path, unknown)
        with pytest.raises(UsageError, match="unknown run that was set aside"):
            bring_back(tmp_path, unknown)
    with Run.open(one, tmp_path, write=True), pytest.raises(UsageError, match="is being trained"):
        set_aside(tmp_path, one)
    set_aside(tmp_path, one)
    os.mkdir(tmp_path / one)
    with pytest.raises(UsageError, match="is there; expected its name to be free"):
        bring_back(tmp_path, one)
    os.rmdir(tmp_path / one)
    bring_back(tmp_path, one)
    assert [row.id for row in index.list_runs(tmp_path)] == [one]
