"""Dispatch, and the exit status of whatever happens."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import palestra
from palestra.cli import main as cli
from palestra.cli.main import main
from palestra.errors import PalestraError, UsageError


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Sequence[str]], int]], None]:
    """Puts a function in the place of ``palestra list``."""

    def put(function: Callable[[Sequence[str]], int]) -> None:
        monkeypatch.setattr(cli.importlib, "import_module", lambda name: SimpleNamespace(command=function))

    return put


def raising(error: BaseException) -> Callable[[Sequence[str]], int]:
    def command(argv: Sequence[str]) -> int:
        raise error

    return command


def test_a_command_gets_what_follows_its_name(install: Any) -> None:
    seen: list[Sequence[str]] = []
    install(lambda argv: seen.append(argv) or 7)
    assert main(["list", "--json", "-x"]) == 7
    assert seen == [["--json", "-x"]]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageError("no such\nthing"), 2, "palestra: no such thing\n"),
        (PalestraError("disk full"), 1, "palestra: disk full\n"),
        (PermissionError(13, "Permission denied", "/x"), 1, "palestra: /x: Permission denied\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
        (SystemExit(2), 2, ""),
        (SystemExit(0), 0, ""),
        (SystemExit(None), 0, ""),
    ],
)
def test_exit_status(
    install: Any, capfd: pytest.CaptureFixture[str], error: BaseException, status: int, said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(cli.os, "dup2", lambda *_: None)  # pytest still needs its standard output
    install(raising(error))
    assert main(["list"]) == status
    assert capfd.readouterr() == ("", said)


def test_our_own_faults_keep_their_traceback(install: Any) -> None:
    install(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["list"])


def test_an_error_is_json_for_who_asked_for_json(install: Any, capsys: pytest.CaptureFixture[str]) -> None:
    install(raising(UsageError("wrong")))
    assert main(["list", "--json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"error": "wrong", "status": 2}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in ("list", "show", "train", "eval", "play", "runs", "doctor", "bench"):
        assert f"\n  {name} " in out
    assert max(map(len, out.splitlines())) <= 80
    assert main([]) == 2
    assert capsys.readouterr() == ("", out)


def test_version_and_an_unknown_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["palestra", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"palestra {palestra.__version__}\n"
    assert main(["trian"]) == 2
    assert capsys.readouterr().err.startswith("palestra: unknown command 'trian'; nearest: train")


def test_the_package_and_its_metadata_have_one_version() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert project["version"] == palestra.__version__
    assert project["scripts"]["palestra"] == "palestra.cli.main:entry"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["train", "--nosuch"], "Unrecognized options: --nosuch; see palestra train --help"),
        (["train", "--seed", "abc"], "--seed 'abc'; expected INT; see palestra train --help"),
        (["eval"], "Missing from palestra eval: RUN"),
        (["runs", "nosuch"], "options: nosuch"),
        (["nosuch"], "unknown command 'nosuch'"),
    ],
)
def test_bad_usage_is_one_line_and_one_object(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--json"]):
        assert main([*argv, *more]) == 2
        out, err = capsys.readouterr()
        assert err.startswith("palestra: ")
        assert err.count("\n") == 1
        assert said in err
        assert out.count("\n") == len(more)
    assert json.loads(out) == {"error": err.removeprefix("palestra: ").rstrip("\n"), "status": 2}


def test_help_and_version_are_an_object_for_who_asked_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--help", "--json"]) == 0
    assert "usage: palestra list" in json.loads(capsys.readouterr().out)["help"]
    assert main(["--help", "--json"]) == 0
    assert "usage: palestra COMMAND" in json.loads(capsys.readouterr().out)["help"]
    assert main(["--version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": palestra.__version__}


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("9 TB"), 1, "not enough memory (9 TB); expected smaller settings, or a larger machine"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "not enough memory"),
    ],
)
def test_every_end_is_an_object_for_who_asked_for_one(
    install: Any, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    install(raising(error))
    assert main(["list", "--json"]) == status
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == status
    assert said in told["error"]


def test_our_own_faults_are_an_object_too(install: Any, capsys: pytest.CaptureFixture[str]) -> None:
    install(raising(ZeroDivisionError("x")))
    with pytest.raises(ZeroDivisionError):
        main(["list", "--json"])
    assert json.loads(capsys.readouterr().out) == {"error": "ZeroDivisionError: x", "status": 1}


def test_what_cannot_be_shown_is_written_out(install: Any, capsys: pytest.CaptureFixture[str]) -> None:
    install(raising(UsageError("a\x1b[2J\ud800b")))
    assert main(["list"]) == 2
    assert capsys.readouterr().err == "palestra: a\\x1b[2J\\ud800b\n"


def test_a_deleted_folder_is_said(
    install: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    install(raising(FileNotFoundError(2, "No such file or directory")))
    assert main(["list"]) == 1
    assert "the current folder was deleted; change to one that is there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shell", "status", "said"),
    [
        ('"$0" -m palestra runs ls --json >&-', 0, ""),
        ('"$0" -m palestra runs ls --json >&- 2>&-', 0, ""),
        ('"$0" -m palestra runs ls --json > /dev/full', 1, "palestra: No space left on device\n"),
        ('"$0" -m palestra list > /dev/full', 1, "palestra: No space left on device\n"),
    ],
)
def test_closed_and_full_streams(shell: str, status: int, said: str, tmp_path: Path) -> None:
    command = ["sh", "-c", f"exec {shell}", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)
