"""The install line of a missing extra fits the way in which Palestra was installed."""

import json
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from palestra import errors
from palestra.errors import install_line, missing_extra, unknown_name

PIP = "/usr/bin/python3 -m pip install "
Facts = dict[str, object] | None
Origin = Callable[[Facts], None]


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> Origin:
    """Sets what pip noted of where the package came from."""
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")

    def put(facts: Facts) -> None:
        text = None if facts is None else json.dumps(facts)
        monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(read_text=lambda file: text))

    return put


def test_of_a_clone(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = tmp_path / "my clone"
    clone.mkdir()
    for editable, flag in ((True, "-e "), (False, "")):
        origin({"url": clone.as_uri(), "dir_info": {"editable": editable} if editable else {}})
        monkeypatch.chdir(clone)
        assert install_line("arm") == f"{PIP}{flag}'.[arm]'"
        monkeypatch.chdir(tmp_path)
        assert install_line("arm") == f"{PIP}{flag}'my clone[arm]'"
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert install_line("arm") == f"{PIP}{flag}'{clone}[arm]'"


def test_of_an_index(origin: Origin) -> None:
    origin(None)
    assert install_line("arm") == f"{PIP}'palestra[arm]'"


def test_of_an_address(origin: Origin) -> None:
    origin({"url": "https://a.example/palestra.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}})
    assert install_line("arm") == f"{PIP}'palestra[arm] @ git+https://a.example/palestra.git@abc'"
    origin({"url": "https://a.example/palestra.whl", "archive_info": {}})
    assert install_line("arm") == f"{PIP}'palestra[arm] @ https://a.example/palestra.whl'"


def test_of_source_that_was_never_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", unknown)
    root = Path(errors.__file__).resolve().parents[2]
    monkeypatch.chdir(root)
    assert install_line("arm").endswith("-m pip install -e '.[arm]'")


def test_the_python_is_the_one_that_runs(origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin(None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert install_line("arm") == ".venv/bin/python -m pip install 'palestra[arm]'"
    monkeypatch.setattr(sys, "executable", "/my tools/python")
    assert install_line("arm") == "'/my tools/python' -m pip install 'palestra[arm]'"
    assert str(missing_extra("arm", "it")) == f"it needs the [arm] extra: {install_line('arm')}"


def test_case_is_no_obstacle() -> None:
    assert str(unknown_name("algorithm", "PPO", ["a2c", "dagger", "ppo"])) == "unknown algorithm 'PPO'; nearest: ppo"
    assert "nearest: CartPole-v1" in str(unknown_name("environment", "cartpole-v1", ["CartPole-v1", "Taxi-v3"]))
