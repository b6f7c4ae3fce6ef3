"""Four and eight trainers at once under one folder: none loses a row, and the list has all of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from driver import Driver, config
from matrix import slow_but
from run_comparison import differences

from palestra.runs import index
from palestra.runs.store import Run


@pytest.mark.parametrize("times", slow_but([2], [2, 4]))
def test_many_at_once(times: int, driver: Driver) -> None:
    asked = [config("ppo"), config("dqn")] * times  # the same several times: also their names must be told apart
    out = Path(driver.new_folder())
    assert driver.ask(out=str(out), crowd=asked) == [None] * len(asked)
    runs = sorted(path.parent for path in out.glob("*/manifest.json"))
    assert len(runs) == len(asked)
    with closing(sqlite3.connect(out / "index.db")) as connection:  # as they left it, before a listing mends it
        rows = connection.execute("SELECT id, status FROM runs ORDER BY id").fetchall()
        assert rows == [(run.name, "finished") for run in runs]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    listed = index.list_runs(out)
    assert sorted(row.id for row in listed) == [run.name for run in runs]
    assert all(row.status == "finished" and row.exact and row.headline_value is not None for row in listed)
    for run in runs:
        learner = Run.open(run, out).config["learner"]["name"]
        assert differences(driver.whole(config(learner)).run, run) == []
        with closing(sqlite3.connect(run / "metrics.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    steps = {row.steps for row in listed}
    assert steps == {config("ppo")["budget"], config("dqn")["budget"]}
