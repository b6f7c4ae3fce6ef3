"""``palestra runs``: what is on disk is listed, shown and deleted, all or none."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from palestra.cli import runs
from palestra.cli.main import main
from palestra.exports.trackers import tracker
from palestra.exports.trackers.tracker import Sent

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


def test_a_damaged_run_is_one_line_and_can_be_deleted(quick_run: Path, tmp_path: Path, capsys: Captured) -> None:
    for name in ("good", "b[bold]ad"):
        shutil.copytree(quick_run, tmp_path / name)
    (tmp_path / "b[bold]ad" / "manifest.json").write_text('{"format": 1}')
    assert main(["runs", "ls", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "good" in said
    assert said.splitlines()[-1] == "cannot list b[bold]ad: manifest.json is damaged: task is missing"
    assert main(["runs", "ls", "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["runs"]] == ["good"]
    assert told["unreadable"] == [{"id": "b[bold]ad", "why": "manifest.json is damaged: task is missing"}]
    assert main(["runs", "show", "b[bold]ad", "--out", str(tmp_path)]) == 2
    assert "manifest.json is damaged: task is missing" in capsys.readouterr().err
    assert main(["runs", "rm", "b[bold]ad", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "b[bold]ad").exists()


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("training", "eval_every", "often"), ("world", "num_envs", "many"), ("claim", "count", "all")],
)
def test_settings_of_another_type_are_named(
    quick_run: Path, tmp_path: Path, capsys: Captured, part: str, field: str, value: str
) -> None:
    path = Path(shutil.copytree(quick_run, tmp_path / "copy")) / "config.json"
    config = json.loads(path.read_text())
    config[part][field] = value
    path.write_text(json.dumps(config))
    assert main(["runs", "show", str(path.parent)]) == 2
    assert f"config.json is damaged: setting {field}='{value}'; expected an integer" in capsys.readouterr().err


def test_what_is_to_be_typed_next_is_quoted(quick_run: Path, tmp_path: Path, capsys: Captured) -> None:
    path = Path(shutil.copytree(quick_run, tmp_path / "my run"))
    manifest = json.loads((path / "manifest.json").read_text()) | {"status": "running"}  # as after a kill
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["runs", "show", str(path)]) == 0
    assert f"palestra train --resume '{path}'\n" in capsys.readouterr().out


@pytest.mark.parametrize(("data", "said"), [
    ({"files": {"a.csv": {"sha256": "00ff", "source": "PyPI toy 1.0"}}}, "data         a.csv 00ff from PyPI toy 1.0"),
    ({"files": {"a.csv": {"sha256": "00ff"}}}, "a.csv 00ff from a source that is not known"),
    ({"stand_in": True}, "data         a stand-in: made, and nothing to claim a result for"),
])  # fmt: skip
def test_where_its_data_came_from(
    data: dict[str, object], said: str, quick_run: Path, tmp_path: Path, capsys: Captured
) -> None:
    shutil.copytree(quick_run, tmp_path / "one")
    manifest = tmp_path / "one" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"data": data}))
    assert main(["runs", "show", "one", "--out", str(tmp_path)]) == 0
    assert said in capsys.readouterr().out


def test_a_filter_lists_what_it_means(quick_run: Path, tmp_path: Path, capsys: Captured) -> None:
    for name in ("one", "two"):
        shutil.copytree(quick_run, tmp_path / name)
    assert main(["runs", "ls", "one", "task=toy", "claim=missed", "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in told["runs"]] == ["one"]
    assert told["unreadable"] == [], "what is not meant is not damaged"
    assert main(["runs", "ls", "score>1e9", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("none of the 2 runs in")
    assert main(["runs", "ls", "tsk=toy", "--out", str(tmp_path)]) == 2
    assert "unknown field 'tsk'; nearest: task" in capsys.readouterr().err


def test_numbers_go_to_a_tracker(quick_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    asked: list[Any] = []

    def send(run: str, to: str, **words: Any) -> Sent:
        asked.append((run, to, words))
        return Sent("a-run", to, words["project"], 3, 1_200, "finished")

    monkeypatch.setattr(tracker, "send", send)
    argv = ["runs", "export", str(quick_run), "--to", "wandb", "--project", "mine", "--follow"]
    assert main(argv) == 0
    assert capsys.readouterr().out == "1,200 numbers of 3 steps of a-run written to wandb, project mine\n"
    assert main([*argv, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == 1_200
    assert asked == [(str(quick_run), "wandb", {"project": "mine", "out": Path("runs"), "follow": True})] * 2
