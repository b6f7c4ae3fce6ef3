"""Rows are means of what was gathered since the last one, and go on where they were saved."""

from pathlib import Path

import pytest

from palestra.engine.rows import Rows
from palestra.runs.series import read_rows
from palestra.runs.store import Run


def test_a_row_is_the_mean_since_the_last_one() -> None:
    rows = Rows(None)
    assert rows.mean() == {}
    rows.gather({"train/loss": 1.0, "train/seldom": 5.0})
    rows.gather({"train/loss": 4.0})
    assert rows.mean() == {"train/loss": 2.5, "train/seldom": 5.0}
    rows.begin()
    assert rows.mean() == {}
    rows.gather({"train/loss": 3.0})
    assert rows.mean() == {"train/loss": 3.0}


def test_it_goes_on_where_it_was_saved() -> None:
    rows, resumed = Rows(None), Rows(None)
    rows.gather({"train/loss": 1.0})
    rows.report(8, {"eval/return_mean": 7.0})
    state = rows.state_dict()
    rows.gather({"train/loss": 100.0})  # which is not in what was saved
    resumed.load_state_dict(state)
    resumed.gather({"train/loss": 2.0})
    assert resumed.mean() == {"train/loss": 1.5}
    assert resumed.last == {"eval/return_mean": 7.0}


def test_what_is_reported_is_kept_by_the_run(tmp_path: Path) -> None:
    with Run.create(tmp_path, "toy", "toy", 0, {}) as run:
        rows = Rows(run)
        rows.report(4, {"train/loss": 1.0})
        rows.report(4, {"eval/return_mean": 2.0, "eval/cut": 1.0})
        rows.flush()
        rows.close()
        assert sorted(read_rows(run.metrics_path)) == [
            (4, "eval/cut", 1.0), (4, "eval/return_mean", 2.0), (4, "train/loss", 1.0),
        ]  # fmt: skip
        assert rows.written == {"train/loss", "eval/return_mean", "eval/cut"}
        rows.forget("eval/")
        assert rows.last == {"train/loss": 1.0}


def test_a_run_is_mirrored_for_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the [tensorboard] extra is not installed")
    with Run.create(tmp_path, "toy", "toy", 0, {}) as run:
        rows = Rows(run)
        rows.open_mirror(None)
        rows.report(4, {"train/loss": 1.0})
        rows.close()
        (file,) = (run.path / "tb").iterdir()
        assert b"train/loss" in file.read_bytes()
    Rows(None).open_mirror(3)  # without a run there is nowhere to mirror to


def test_the_headline_is_what_says_how_good_it_is_or_what_is_usual() -> None:
    rows = Rows(None)
    assert rows.headline("eval/score") == ""
    rows.report(1, {"train/loss": 0.123456})
    assert rows.headline("eval/score") == "train/loss 0.1235"
    rows.report(2, {"eval/score": 3.0, "train/return_mean": 9.0})
    assert rows.headline("eval/score") == "eval/score 3"
    assert rows.headline("eval/other") == "train/return_mean 9"
