"""The seal shows every accident; what somebody else sealed is checked for what it is as well."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from palestra.errors import PalestraError
from palestra.runs import checkpoints, seal
from palestra.runs.seal import MANIFEST, STATE, TENSORS, DamagedCheckpointError, OtherFormatError, verified


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "checkpoints"
    return checkpoints.save(folder, 5, {"a": torch.ones(3), "b": [1, 2]}, info={"learner": "x"})


def reseal(path: Path, **fields: Any) -> None:
    """Write the manifest anew, every checksum right, with some fields replaced or (None) taken away."""
    manifest = json.loads((path / MANIFEST).read_bytes())["manifest"]
    for name in (TENSORS, STATE):
        data = (path / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "sha256": seal.hashlib.sha256(data).hexdigest()}
    manifest |= fields
    manifest = {name: value for name, value in manifest.items() if value is not None}
    (path / MANIFEST).write_bytes(seal.sealed(manifest))


def test_a_seal_without_damage_is_believed(saved: Path) -> None:
    reseal(saved)
    assert verified(saved)["step"] == 5
    assert checkpoints.load(saved).state["b"] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": None}, "not a manifest, format is missing"),
        ({"format": "1"}, "format is '1'; expected an integer"),
        ({"files": None}, "files is missing"),
        ({"files": [STATE, TENSORS]}, "files is .*; expected an object"),
        ({"files": {STATE: {}, TENSORS: {}}}, r"files.state.json.bytes is missing"),
        ({"files": {"../../config.json": {"bytes": 2, "sha256": "x"}}}, "config.json: does not belong there"),
        ({"info": None}, "info is missing"),
        ({"info": []}, r"info is \[\]; expected an object"),
        ({"step": "x"}, "step is 'x'; expected an integer"),
        ({"step": 6}, "written for step 6"),
    ],
)
def test_a_manifest_that_no_training_writes_is_damage(saved: Path, fields: dict[str, Any], said: str) -> None:
    reseal(saved, **fields)
    with pytest.raises(DamagedCheckpointError, match=f"checkpoint step-000000000005 is damaged .*{said}"):
        checkpoints.load(saved)


def test_another_version_is_another_matter(saved: Path) -> None:
    reseal(saved, format=2, info=None)
    with pytest.raises(OtherFormatError, match="has format 2, this palestra reads 1"):
        checkpoints.load(saved)


GIANT = json.dumps({"a": {"dtype": "F32", "shape": [1 << 40, 1 << 20], "data_offsets": [0, 4]}}).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (TENSORS, b""),
        (TENSORS, b"cposix\nsystem\n(S'touch canary'\ntR."),
        (TENSORS, (1 << 63).to_bytes(8, "little") + b"{}"),
        (TENSORS, len(GIANT).to_bytes(8, "little") + GIANT + bytes(4)),
        (STATE, b""),
        (STATE, b"hello"),
        (STATE, b"[]"),
        (STATE, b"\xff"),
        (STATE, b"[" * 100_000 + b"]" * 100_000),
        (STATE, b'{"a": {"$evil": 1}}'),
        (STATE, b'{"a": {"$tensor": "none"}}'),
        (STATE, b'{"a": {"$tensor": []}}'),
        (STATE, b'{"a": {"$int": "zz"}}'),
        (STATE, b'{"a": {"$int": 5}}'),
        (STATE, b'{"a": {"$tuple": 5}}'),
        (STATE, b'{"a": {"$dict": [[[], 1]]}}'),
    ],
)
def test_contents_that_no_training_writes_are_damage(saved: Path, name: str, data: bytes) -> None:
    (saved / name).write_bytes(data)
    reseal(saved)
    with pytest.raises(DamagedCheckpointError, match="checkpoint step-000000000005 is damaged"):
        checkpoints.load(saved)
    with pytest.raises(PalestraError, match=r"no undamaged checkpoint in .*step-000000000005 is damaged"):
        checkpoints.load_latest(saved.parent)


def away(path: Path) -> Path:
    """Move a file out of the run; where it is now."""
    return path.rename(path.parents[3] / path.name)


INSTEAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (lambda path: (away(path), os.mkfifo(path)), "is a named pipe"),
    "a device": (lambda path: (away(path), path.symlink_to("/dev/zero")), "leads out of"),
    "a link": (lambda path: path.symlink_to(away(path)), "leads out of"),
    "a folder": (lambda path: (away(path), path.mkdir()), "is a folder"),
}


@pytest.mark.parametrize("name", [TENSORS, STATE, MANIFEST])
@pytest.mark.parametrize("kind", INSTEAD)
def test_what_is_no_file_of_the_run_is_damage(saved: Path, name: str, kind: str) -> None:
    make, said = INSTEAD[kind]
    make(saved / name)
    with pytest.raises(DamagedCheckpointError, match=f"damaged .{name} {said}"):
        checkpoints.load(saved)


def test_a_folder_under_the_name_of_a_huge_step_is_not_taken(saved: Path) -> None:
    saved.rename(saved.with_name("step-" + "9" * 30))
    checkpoints.save(saved.parent, 3, {"a": 1}, info={})
    loaded = checkpoints.load_latest(saved.parent)
    assert (loaded.step, len(loaded.skipped)) == (3, 1)
    assert "9" * 30 in loaded.skipped[0]


def test_a_link_in_the_place_of_a_checkpoint_is_not_followed(saved: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / saved.name
    saved.rename(elsewhere)
    saved.symlink_to(elsewhere)
    with pytest.raises(DamagedCheckpointError, match="leads out of"):
        checkpoints.load(saved)
    checkpoints.prune(saved.parent, set())
    assert not saved.is_symlink()
    assert len(list(elsewhere.iterdir())) == 3
