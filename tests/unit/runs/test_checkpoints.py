"""Saving, finding, replacing and pruning checkpoints; a full disk; the newest undamaged one wins."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from palestra.errors import PalestraError
from palestra.runs import checkpoints, tensorfile
from palestra.runs.atomic import write_json


def state(step: int) -> dict[str, Any]:
    return {"weights": torch.full((64,), float(step)), "clock": step, "buffer": torch.arange(8, dtype=torch.uint8)}


def saved(folder: Path, *steps: int) -> None:
    for step in steps:
        checkpoints.save(folder, step, state(step), info={"score": step / 3})


def test_save_and_load(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "checkpoints"
    path = checkpoints.save(folder, 12288, state(12288), info={"best": True, 10: [float("nan")], 9: 2.5})
    assert path == folder / "step-000000012288"
    assert sorted(os.listdir(path)) == ["manifest.json", "state.json", "tensors.safetensors"]
    loaded = checkpoints.load(path)
    assert loaded.step == 12288
    assert loaded.path == path
    assert loaded.skipped == []
    assert torch.equal(loaded.state["weights"], torch.full((64,), 12288.0))
    assert loaded.info["best"] is True
    assert loaded.info["9"] == 2.5  # as JSON has it
    checkpoints.verify(path)


def test_steps_find_prune(tmp_path: Path) -> None:
    assert checkpoints.steps(tmp_path / "none") == []
    saved(tmp_path, 30, 0, 10, 20)
    assert checkpoints.steps(tmp_path) == [0, 10, 20, 30]
    assert checkpoints.load(checkpoints.find(tmp_path, 10)).state["clock"] == 10
    checkpoints.prune(tmp_path, {0, 30, 999})
    assert sorted(os.listdir(tmp_path)) == ["step-000000000000", "step-000000000030"]
    with pytest.raises(PalestraError, match=r"no checkpoint of step 10 in .*; there are: 0, 30"):
        checkpoints.find(tmp_path, 10)


def test_latest_falls_back_with_a_line_for_each(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3)
    flip(tmp_path / "step-000000000003" / "tensors.safetensors", 700)
    (tmp_path / "step-000000000002" / "state.json").unlink()
    loaded = checkpoints.load_latest(tmp_path)
    assert loaded.step == 1
    assert loaded.skipped == [
        "checkpoint step-000000000003 is damaged (tensors.safetensors: SHA-256 differs); using step-000000000001",
        "checkpoint step-000000000002 is damaged (state.json: missing); using step-000000000001",
    ]


def test_none_valid(tmp_path: Path) -> None:
    with pytest.raises(PalestraError, match="no checkpoint in"):
        checkpoints.load_latest(tmp_path)
    saved(tmp_path, 1)
    flip(tmp_path / "step-000000000001" / "manifest.json", 30)
    with pytest.raises(PalestraError, match=r"no undamaged checkpoint in .*step-000000000001 is damaged \(manifest"):
        checkpoints.load_latest(tmp_path)


@pytest.mark.parametrize("name", ["extra.bin", ".DS_Store"])
def test_extra_file(tmp_path: Path, name: str) -> None:
    saved(tmp_path, 1)
    (tmp_path / "step-000000000001" / name).touch()
    with pytest.raises(checkpoints.DamagedCheckpointError, match=f"{name}: does not belong there"):
        checkpoints.load(tmp_path / "step-000000000001")


def test_a_checkpoint_under_another_step_s_name(tmp_path: Path) -> None:
    saved(tmp_path, 1)
    (tmp_path / "step-000000000001").rename(tmp_path / "step-000000000002")
    with pytest.raises(checkpoints.DamagedCheckpointError, match="written for step 1"):
        checkpoints.load(tmp_path / "step-000000000002")


def test_newer_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "FORMAT_VERSION", 2)
    saved(tmp_path, 1)
    monkeypatch.setattr(checkpoints, "FORMAT_VERSION", 1)
    with pytest.raises(PalestraError, match="has format 2, this palestra reads 1"):
        checkpoints.load_latest(tmp_path)


def test_saving_a_step_again_never_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop after every rename and removal in turn: what is left always loads, old or new."""
    for stop_at in range(10):
        folder = tmp_path / str(stop_at)
        checkpoints.save(folder, 5, state(1), info={})
        calls = 0

        def dying(original: Any, stop_at: int = stop_at) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls > stop_at:
                    raise SystemExit
                return original(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for place, name in ((os, "fsync"), (Path, "rename"), (Path, "mkdir"), (shutil, "rmtree")):
                patch.setattr(place, name, dying(getattr(place, name)))
            try:
                checkpoints.save(folder, 5, state(2), info={})
                finished = True
            except SystemExit:
                finished = False
        loaded = checkpoints.load_latest(folder)
        assert loaded.skipped == []
        assert loaded.state["clock"] in ((2,) if finished else (1, 2))
        saved(folder, 5, 6)  # and the next save clears up
        assert sorted(p.name[:17] for p in folder.iterdir()) == ["step-000000000005", "step-000000000006"]
    assert finished


def test_stale_temporaries_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".tmp-7-123").mkdir()
    (tmp_path / ".tmp-7-123" / "tensors.safetensors").touch()
    saved(tmp_path, 8)
    assert os.listdir(tmp_path) == ["step-000000000008"]


def test_unsavable_state_leaves_nothing(tmp_path: Path) -> None:
    saved(tmp_path, 1)
    with pytest.raises(TypeError, match=r"state\['x'\] is a builtins.object"):
        checkpoints.save(tmp_path, 2, {"x": object()}, info={})
    with pytest.raises(TypeError):
        checkpoints.save(tmp_path, 2, {}, info={"x": object()})
    assert os.listdir(tmp_path) == ["step-000000000001"]


def test_no_code_in_a_checkpoint_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading goes through JSON and safetensors alone; unpickling anything would fail here."""
    import pickle

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("unpickled")

    saved(tmp_path, 1)
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    assert checkpoints.load_latest(tmp_path).step == 1


def full(*args: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_keeps_the_last_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "cartpole-ppo-s0"
    write_json(run / "config.json", {})
    write_json(run / "manifest.json", {})
    folder = run / "checkpoints"
    saved(folder, 1)
    monkeypatch.setattr(tensorfile.os, "fsync", full)
    with pytest.raises(PalestraError) as caught:
        saved(folder, 2)
    assert str(caught.value) == (
        f"cannot write {folder}: No space left on device; free space on that disk, then "
        f"`palestra train --resume {run}`; the last good checkpoint is kept"
    )
    monkeypatch.undo()
    assert os.listdir(folder) == ["step-000000000001"]
    assert checkpoints.load_latest(folder).step == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of one megabyte."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_really_full_disk(small_disk: Path) -> None:
    folder = small_disk / "checkpoints"
    saved(folder, 1)
    big = {"replay": torch.zeros(2 << 20, dtype=torch.uint8)}
    with pytest.raises(PalestraError, match="No space left on device; free space"):
        checkpoints.save(folder, 2, big, info={})
    assert os.listdir(folder) == ["step-000000000001"]
    (small_disk / "ballast").write_bytes(b"0" * (shutil.disk_usage(small_disk).free - 8192))
    with pytest.raises(PalestraError, match="No space left on device"):
        saved(folder, *range(2, 9))
    newest = checkpoints.load_latest(folder)
    assert newest.skipped == []
    (small_disk / "ballast").unlink()
    saved(folder, 100)
    assert checkpoints.load_latest(folder).step == 100


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_milestones_are_the_first_at_or_beyond_each_multiple(tmp_path: Path) -> None:
    for step in (8, 16, 24, 48, 56, 64):
        checkpoints.save(tmp_path, step, {}, info={})
    assert checkpoints.milestones(tmp_path, 20) == {24, 48, 64}
    assert checkpoints.milestones(tmp_path, 8) == {8, 16, 24, 48, 56, 64}
    assert checkpoints.milestones(tmp_path, 1_000) == checkpoints.milestones(tmp_path, 0) == set()
    assert [checkpoints.is_milestone(step, 16, 20) for step in (19, 20, 21)] == [False, True, True]
    assert not checkpoints.is_milestone(100, 0, 0)
