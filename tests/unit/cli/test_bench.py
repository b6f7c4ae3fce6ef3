"""Benchmarks run as processes of their own."""

import json
from pathlib import Path

import pytest

import palestra
from palestra.cli import bench
from palestra.cli.main import main

SCRIPT = """
import sys
if __name__ == "__main__":
    print(sys.argv[1:], sys.executable)
    sys.exit({status})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "fast.py").write_text(SCRIPT.format(status=3))
    (tmp_path / "dying.py").write_text('import os\nif __name__ == "__main__":\n    os.kill(os.getpid(), 9)')
    (tmp_path / "shared.py").write_text("X = 1")
    monkeypatch.setattr(bench, "bench_folder", lambda: tmp_path)
    return tmp_path


def test_arguments_and_status_pass_through(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "fast", "--json", "--seeds", "2"]) == 3
    assert capfd.readouterr().out == f"['--json', '--seeds', '2'] {bench.sys.executable}\n"
    assert main(["bench", "dying"]) == 137


def test_without_a_name_it_lists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"benchmarks": ["dying", "fast"]}
    assert main(["bench"]) == 0
    assert capsys.readouterr().out.split() == ["dying", "fast"]


def test_a_name_is_one_of_the_list_and_never_a_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("fats", "shared", "../fast", "./fast"):
        assert main(["bench", name]) == 2
        assert "nearest:" in capsys.readouterr().err


def test_installed_without_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(palestra, "__file__", str(tmp_path / "lib" / "palestra" / "__init__.py"))
    assert main(["bench"]) == 2
    assert "they come with the source" in capsys.readouterr().err
