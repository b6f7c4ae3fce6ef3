"""How many processes a command line asks for, before anything slow is imported."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from palestra.cli import ranks
from palestra.cli.ranks import ranks_of, with_devices
from palestra.engine.ranks import Ranks


@pytest.fixture
def begun(tmp_path: Path) -> str:
    folder = tmp_path / "runs" / "some-run"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"training": {"seed": 0, "devices": 4}}))
    return "some-run"


def test_the_command_says_it_or_the_run(begun: str, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    assert ranks._devices({}, None, out) == 1
    assert ranks._devices({"training.devices": 2}, begun, out) == 2
    assert ranks._devices({"devices": "3"}, None, out) == 3
    assert ranks._devices({"devices": "many"}, None, out) == 1  # which is said where settings are read
    assert ranks._devices({}, begun, out) == 4
    assert ranks._devices({}, str(out / begun), tmp_path) == 4
    assert ranks._devices({}, "no-run", out) == 1
    (out / begun / "config.json").write_text("{")
    assert ranks._devices({}, begun, out) == 1


def test_one_process_is_nobody_s_rank(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RANK", "PALESTRA_RANKS"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(ranks_of({}, None, tmp_path, []), nullcontext)
    monkeypatch.setenv("RANK", "0")  # of another scheduler's
    assert isinstance(ranks_of({}, None, tmp_path, []), nullcontext)


def test_ranks_that_were_started_are_as_many_as_are_asked_for() -> None:
    class Four(Ranks):
        size = 4

    assert with_devices({"gamma": 0.9}, None) == {"gamma": 0.9}
    assert with_devices({"gamma": 0.9}, Four()) == {"training.devices": 4, "gamma": 0.9}
    assert with_devices({"training.devices": 2}, Four()) == {"training.devices": 2}
