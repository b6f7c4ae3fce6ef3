"""Dispatch, and the exit status of whatever happens."""

import json
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
