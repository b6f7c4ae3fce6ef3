import os
import random
from pathlib import Path

import pytest
from made_runs import make_run

from palestra.runs.store import Run
from palestra.studio.folder import Folder, NotThereError


def test_a_run_is_found_by_its_name_alone(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    run_id = make_run(root)
    folder = Folder(root)
    assert folder.path(run_id) == root / run_id
    assert folder.manifest(run_id)["seed"] == 0
    with Run.open(run_id, root, write=True) as run:
        run.update_manifest(steps=501)
    assert folder.manifest(run_id)["steps"] == 501, "read anew where it has changed"
    assert folder.config(run_id)["recipe"] == "cartpole/ppo"
    assert folder.metrics(run_id).is_file()
    assert folder.checkpoints(run_id) == []
    for name in ("step-000000000200", "step-000000000200.1", "step-000000000100", "step-x", ".tmp-300"):
        (root / run_id / "checkpoints" / name).mkdir(parents=True)
    assert folder.checkpoints(run_id) == [100, 200]


def test_no_name_leads_out(tmp_path: Path) -> None:
    root, other = tmp_path / "a" / "runs", tmp_path / "a"
    run_id = make_run(root)
    make_run(other)
    folder = Folder(root)
    parts = [
        "..",
        ".",
        "/",
        "\\",
        "%2e%2e",
        "%2f",
        "\0",
        run_id,
        "C:",
        "etc",
        "passwd",
        "//",
        "..\\",
        "~",
        "",
        "\u2215",
    ]
    rng = random.Random(0)
    tried = {f"{rng.choice(parts)}{rng.choice(parts)}{rng.choice(parts)}{rng.choice(parts)}" for _ in range(3_000)}
    tried |= {str(root / run_id), f"../runs/{run_id}", f"{run_id}/.", f"{run_id}/", ".aside-1-x", "x" * 5000}
    for name in tried - {run_id}:
        with pytest.raises(NotThereError):
            folder.path(name)


def test_pictures_have_keys_and_nothing_else_is_shown(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    plots = tmp_path / run_id / "plots"
    plots.mkdir()
    for name in ("curve.png", "notes.txt", ".hidden.png", "<script>.svg"):
        (plots / name).write_bytes(b"x")
    folder = Folder(tmp_path)
    assert [(each.name, each.media_type) for each in folder.pictures(run_id)] == [
        ("<script>.svg", "image/svg+xml"), ("curve.png", "image/png"),
    ]  # fmt: skip
    (key,) = {each.key for each in folder.pictures(run_id) if each.name == "curve.png"}
    assert folder.picture(run_id, key).path == plots / "curve.png"
    for wrong in ("", "curve.png", "../config.json", key[:-1]):
        with pytest.raises(NotThereError):
            folder.picture(run_id, wrong)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    with pytest.raises(NotThereError):
        Folder(tmp_path / "none").path("x")
    assert os.listdir(tmp_path) == []
