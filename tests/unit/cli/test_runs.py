"""``palestra runs``: what is on disk is listed, shown and deleted, all or none."""

import json
import shutil
from pathlib import Path

import pytest

from palestra.cli import runs
from palestra.cli.main import main

Captured = pytest.CaptureFixture[str]


def test_a_run_is_listed_and_shown(quick_run: Path, capsys: Captured) -> None:
    assert main(["runs", "--out", str(quick_run.parent), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["runs"]
    assert (row["id"], row["status"], row["steps"]) == (quick_run.name, "finished", 256)
    assert main(["runs", "show", str(quick_run)]) == 0
    said = capsys.readouterr().out
    assert "steps        256 of 256" in said
    assert "not reached" in said
    assert "eval/return_mean" in said


def test_all_are_deleted_or_none(quick_run: Path, tmp_path: Path, capsys: Captured) -> None:
    for name in ("one", "two"):
        shutil.copytree(quick_run, tmp_path / name)
    assert main(["runs", "rm", "one", "three", "--out", str(tmp_path)]) == 2
    assert {path.name for path in tmp_path.glob("*/")} >= {"one", "two"}
    assert main(["runs", "rm", "one", "two", "one", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"deleted {tmp_path / name}" for name in ("one", "two")]
    assert main(["runs", "ls", "--out", str(tmp_path)]) == 0
    assert "no runs in" in capsys.readouterr().out


def test_nothings_and_zeros_are_left_out_of_a_line() -> None:
    assert (
        runs._pairs({"seed": 0, "gamma": 0.9, "target": None, "kwargs": {}, "device": "cpu"}) == "gamma=0.9 device=cpu"
    )
