"""The doctor finds what is broken, and prescribes."""

import importlib
import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from palestra.cli import doctor
from palestra.cli.main import main
from palestra.errors import install_line

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]


def examine(capsys: pytest.CaptureFixture[str], out: Path) -> tuple[int, dict[str, Any]]:
    status = main(["doctor", "--json", "--out", str(out)])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["ok"] == (status == 0)
    return status, {check["name"]: check for check in report["checks"]}


def test_it_knows_the_packages_of_the_project() -> None:
    assert set(doctor.CORE) == {re.split(r"[\[>=<]", line)[0] for line in PROJECT["dependencies"]}
    assert set(doctor.EXTRAS) == set(PROJECT["optional-dependencies"]) - {"dev", "all"}


def test_a_healthy_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, checks = examine(capsys, tmp_path / "runs")
    assert status == 0
    assert {"palestra", "python", "sqlite", "cpu", "cuda", "torch.compile", "write", "disk"} <= checks.keys()
    assert checks["torch"]["detail"] == importlib.import_module("torch").__version__
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    status, checks = examine(capsys, tmp_path / "file")
    assert status == 1
    assert checks["write"]["status"] == "broken"


def test_a_core_package_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    status, checks = examine(capsys, tmp_path)
    assert status == 1
    assert checks["safetensors"]["status"] == "broken"
    assert "pip install" in checks["safetensors"]["detail"]


def test_a_missing_extra_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "av" else find(name, *a))
    status, checks = examine(capsys, tmp_path)
    assert status == 0
    assert checks["[video]"] == {"name": "[video]", "status": "missing", "detail": install_line("video")}
    main(["doctor", "--out", str(tmp_path)])
    assert re.search(r"^\[video\] +missing +\S+ -m pip install .*\[video\]'", capsys.readouterr().out, re.MULTILINE)
