import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from asgi import ask
from made_runs import CURVE, make_run
from unpacking import unpacked

from palestra.studio.reading import Looking, differing
from palestra.studio.server import make_app
from palestra.studio.studio import Studio


def get(root: Path, path: str) -> Any:
    answer = ask(make_app(Studio(root), []), path)
    assert answer.status == 200, answer.body
    return answer.json()


def refused(root: Path, path: str) -> str:
    answer = ask(make_app(Studio(root), []), path)
    assert answer.status in (400, 404)
    return str(answer.json()["error"])


def test_the_list_and_its_filter(tmp_path: Path) -> None:
    one, two = make_run(tmp_path, 0), make_run(tmp_path, 1, "cliff", "sarsa")
    assert {row["id"] for row in get(tmp_path, "/api/runs")["rows"]} == {one, two}
    assert [row["id"] for row in get(tmp_path, "/api/runs?filter=task%3Dcliff")["rows"]] == [two]
    assert "unknown field" in refused(tmp_path, "/api/runs?filter=tsk%3Dcliff")
    assert "1,000" in refused(tmp_path, "/api/runs?filter=" + "x" * 1001)
    assert get(tmp_path / "none", "/api/runs")["rows"] == []


def test_a_run(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    told = get(tmp_path, f"/api/runs/{run_id}")
    assert told["recipe"] == "cartpole/ppo"
    assert told["known"]
    assert told["names"] == ["eval/return_mean", "train/loss"]
    assert told["timings"] == ["time/seconds"]
    assert told["settings"]["learner.gamma"] == 0.99
    assert told["manifest"]["steps"] == 500
    assert "no run" in refused(tmp_path, "/api/runs/none")
    with_nothing = make_run(tmp_path, 1, curves={})
    (tmp_path / with_nothing / "metrics.db").unlink()
    assert get(tmp_path, f"/api/runs/{with_nothing}")["names"] == []
    assert get(tmp_path, f"/api/runs/{with_nothing}")["damaged"] == ""
    assert get(tmp_path, f"/api/runs/{with_nothing}/curves?name=x")["cursor"] == {"x": -1}
    (tmp_path / with_nothing / "metrics.db").write_bytes(b"nonsense" * 100)
    told = get(tmp_path, f"/api/runs/{with_nothing}")
    assert (told["names"], "metrics.db" in told["damaged"]) == ([], True)


def test_curves_and_their_cursor(tmp_path: Path) -> None:
    run_id = make_run(tmp_path, curves={"eval/return_mean": CURVE, "train/loss": np.arange(1000.0).tolist()})
    names = "&".join(f"name={quote(name)}" for name in ("eval/return_mean", "train/loss", "time/seconds", "none"))
    told = get(tmp_path, f"/api/runs/{run_id}/curves?{names}&points=100&seconds=1")
    short, long = told["curves"]["eval/return_mean"], told["curves"]["train/loss"]
    assert unpacked(short["steps"]).tolist() == [100, 200, 300, 400, 500]
    np.testing.assert_allclose(unpacked(short["mean"]), CURVE)
    assert "low" not in short, "a band of points is their line"
    assert len(unpacked(long["mean"])) == 100
    assert unpacked(long["low"])[0] == 0.0
    assert unpacked(long["high"])[-1] == 999.0
    assert told["cursor"] == {"eval/return_mean": 500, "train/loss": 100_000, "time/seconds": -1, "none": -1}
    assert unpacked(told["clock"]["seconds"]).tolist() == [0.5, 1.0, 1.5, 2.0, 2.5]
    assert unpacked(told["curves"]["time/seconds"]["mean"])[-1] == 2.5
    part = get(tmp_path, f"/api/runs/{run_id}/curves?name=eval%2Freturn_mean&first=250&last=350")
    assert unpacked(part["curves"]["eval/return_mean"]["steps"]).tolist() == [200, 300, 400]
    assert "at most" in refused(tmp_path, f"/api/runs/{run_id}/curves?" + "&".join(["name=x"] * 201))


def test_one_curve_of_several_runs(tmp_path: Path) -> None:
    ids = [make_run(tmp_path, seed) for seed in range(2)]
    both = "&".join(f"run={run_id}" for run_id in ids)
    told = get(tmp_path, f"/api/curves?{both}&name=eval%2Freturn_mean&seconds=1")
    assert list(told["curves"]) == ids
    assert set(told["clocks"]) == set(ids)
    found = get(tmp_path, f"/api/settings?{both}")
    assert found == {"runs": ids, "settings": {"training.seed": [0, 1]}}
    assert "from 1 to 200" in refused(tmp_path, "/api/settings")


def test_settings_that_differ() -> None:
    asked = [{"a": 1, "b": [1, 2], "c": None}, {"a": 1.0, "b": [1, 3]}]
    assert differing(asked) == {"a": [1, 1.0], "b": [[1, 2], [1, 3]]}
    assert differing(asked[:1]) == {}


def test_rows_come_as_they_change(tmp_path: Path) -> None:
    run_id = make_run(tmp_path)
    studio = Studio(tmp_path)
    events = Looking(studio)._row_events(0, None)

    async def two() -> list[str]:
        found = [await anext(events), await anext(events)]
        studio.leave()
        return found + [text async for text in events]

    hello, rows = asyncio.run(two())
    assert hello.startswith(":")
    assert rows.startswith("id: 1\nevent: runs\n")
    assert json.loads(rows.split("data: ")[1])["rows"][0]["id"] == run_id


@pytest.mark.parametrize("path", ["/api/live/runs/none?cursor={}", "/api/live/runs/RUN?cursor=[]"])
def test_no_events_of_what_is_not_there(tmp_path: Path, path: str) -> None:
    run_id = make_run(tmp_path)
    assert refused(tmp_path, path.replace("RUN", run_id))
