"""``palestra record-episodes``: what is asked for is recorded, and its file is told."""

import json
from pathlib import Path

import pytest

import palestra
from palestra.cli import record_episodes
from palestra.cli.main import main


def test_a_file_is_written_and_told(quick_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "mine.npz"
    argv = [str(quick_run), "--episodes", "3", "--seed", "2", "--sample", "--random-share", "0.1", "--to", str(path)]
    assert main(["record-episodes", *argv, "--json"]) == 0
    printed, found = json.loads(capsys.readouterr().out), palestra.load_episodes(str(path))
    assert (printed["file"], printed["digest"]) == (str(path), found.digest)
    assert (printed["episodes"], printed["steps"]) == (3, len(found.rewards))
    assert printed["arguments"]["deterministic"] is False
    assert printed["recorded"][0]["run"] == quick_run.name
    assert record_episodes.command(argv) == 0
    said = capsys.readouterr().out
    assert f"{len(found.rewards)} steps of 3 episodes of CartPole-v1" in said
    assert f"--env-id CartPole-v1 --set data={path}" in said


@pytest.mark.parametrize(("argv", "why"), [
    ([], "no RUN; expected a run of an agent"),
    (["RUN", "--episodes", "0"], "--episodes 0; expected 1 to 1,000,000"),
    (["RUN", "--random-share", "2"], "--random-share 2.0; expected a share from 0 to 1"),
    (["RUN", "--to", "episodes.csv"], "--to episodes.csv; expected a file that ends in .npz"),
    (["RUN", "--layout", "lerobot"], "--to episodes.npz; expected a file that ends in .npz, or a folder with --layout"),
    (["RUN", "--fps", "0"], "--fps 0; expected 1 or more"),
    (["RUN", "--max-steps", "-1"], "--max-steps -1; expected 0 or more"),
    (["RUN", "--seed", "-1"], "--seed -1; expected 0 or more"),
])  # fmt: skip
def test_bad_usage_is_one_line(argv: list[str], why: str, quick_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record-episodes", *(str(quick_run) if each == "RUN" else each for each in argv)]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_folder_of_lerobot_s_is_written_and_told(
    quick_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow", reason="the [lerobot] extra is not installed")
    argv = ["record-episodes", str(quick_run), "--episodes", "2", "--fps", "50"]
    assert main([*argv, "--to", str(tmp_path / "mine.npz")]) == 0
    assert main([*argv, "--to", str(tmp_path / "mine"), "--layout", "lerobot"]) == 0
    assert f"folder  {tmp_path / 'mine'}" in capsys.readouterr().out
    one, other = (palestra.load_episodes(str(tmp_path / name)) for name in ("mine.npz", "mine"))
    assert one.digest == other.digest
    assert json.loads((tmp_path / "mine/meta/info.json").read_text())["fps"] == 50
