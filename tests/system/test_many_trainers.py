"""Eight trainers at once under one folder: none loses a row, and the list has all of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from driver import Driver, config
from run_comparison import differences

from palestra.runs import index
from palestra.runs.store import Run


def test_eight_at_once(driver: Driver) -> None:
    asked = [config("ppo"), config("dqn")] * 4  # the same four times: also their names must be told apart
    out = Path(driver.new_folder())
    assert driver.ask(out=str(out), crowd=asked) == [None] * 8
    runs = sorted(path.parent for path in out.glob("*/manifest.json"))
    assert len(runs) == 8
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
