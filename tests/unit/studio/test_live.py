import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_runs import make_run

from palestra.errors import UsageError
from palestra.runs.store import Run
from palestra.studio import live
from palestra.studio.live import Watched, event, of_run, read_cursor


def parsed(text: str) -> tuple[str, Any, Any]:
    """Name, data and cursor of an event."""
    fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
    return fields["event"], json.loads(fields["data"]), json.loads(fields["id"]) if "id" in fields else None


def rows(data: dict[str, Any], name: str) -> list[tuple[float, float]]:
    steps = np.frombuffer(base64.b64decode(data[name]["steps"]["data"]), "<f8")
    values = np.frombuffer(base64.b64decode(data[name]["values"]["data"]), "<f4")
    return list(zip(steps.tolist(), values.tolist()))


def test_only_rows_beyond_the_cursor_are_sent_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / make_run(tmp_path)
    seen = Watched(path, {"eval/return_mean": 300})
    sent = [parsed(text) for text in seen.look()]
    assert [name for name, _, _ in sent] == ["run", "rows"]
    _, data, cursor = sent[1]
    assert set(data) == {"eval/return_mean"}, "nobody watches the loss"
    assert rows(data, "eval/return_mean") == [(400.0, 350.0), (500.0, 480.0)]
    assert cursor == {"eval/return_mean": 500}
    assert seen.look() == []
    assert [parsed(text)[0] for text in Watched(path, cursor).look()] == ["run"], "who comes back gets nothing again"
    with Run.open(path, tmp_path, write=True) as run:
        run.metrics.add(600, {"eval/return_mean": 7.0, "new/one": 1.0})
    later = {name: data for name, data, _ in map(parsed, seen.look())}
    assert rows(later["rows"], "eval/return_mean") == [(600.0, 7.0)]
    assert later["names"]["names"] == ["eval/return_mean", "new/one", "train/loss"]


def test_rows_that_a_resume_dropped_are_to_be_read_anew(tmp_path: Path) -> None:
    path = tmp_path / make_run(tmp_path)
    seen = Watched(path, {"eval/return_mean": 500, "train/loss": 200})
    assert [parsed(text)[0] for text in seen.look()] == ["run"]
    with Run.open(path, tmp_path, write=True) as run:
        run.metrics.truncate_after(200)
        run.metrics.add(300, {"train/loss": 0.25})
    sent = [parsed(text) for text in seen.look()]
    assert [(name, data) for name, data, _ in sent[:1]] == [("anew", {"names": ["eval/return_mean"]})]
    assert sent[-1][2] == {"eval/return_mean": 200, "train/loss": 300}


def test_who_is_far_behind_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_ROWS", 3)
    path = tmp_path / make_run(tmp_path)
    sent = [parsed(text) for text in Watched(path, {"eval/return_mean": 0}).look()]
    assert sent[1] == ("anew", {"names": ["eval/return_mean"]}, {"eval/return_mean": 500})


def test_what_becomes_of_a_run_is_told_once(tmp_path: Path) -> None:
    with Run.create(tmp_path, "cartpole", "ppo", 0, {}) as run:
        seen = Watched(run.path, {})
        (first,) = seen.look()
        assert parsed(first)[1]["status"] == "running"
        run.update_manifest(headline={"name": "x", "value": float("nan")}, steps=5)
        assert parsed(seen.look()[0])[1]["headline"] == {"name": "x", "value": None}
        assert seen.look() == []
    assert parsed(seen.look()[0])[1]["status"] == "interrupted"


def test_events_end_when_the_server_does(tmp_path: Path) -> None:
    path = tmp_path / make_run(tmp_path)
    left = [False]

    async def collect(events: AsyncIterator[str]) -> list[str]:
        found = []
        async for text in events:
            found.append(text)
            left[0] = len(found) >= 2
        return found

    found = asyncio.run(collect(of_run(path, {}, lambda: left[0])))
    assert found[0].startswith(": ")
    assert parsed(found[1])[0] == "run"
    left[0] = False
    (path / "manifest.json").unlink()
    assert "event: gone" in asyncio.run(collect(of_run(path, {}, lambda: False)))[-1]


@pytest.mark.parametrize("text", ["[]", "{", '{"x": "1"}', '{"x": 1.5}', '{"x": true}', "1" * 50, f'{{"x": {2**70}}}'])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected the last step of each"):
        read_cursor(text)
    assert read_cursor("") == {}
    assert read_cursor('{"eval/x": -1}') == {"eval/x": -1}


def test_an_event_is_one_whatever_it_holds() -> None:
    text = event("rows", {"name": "a\n\nevent: run\ndata: 1", "nan": float("nan")}, {"a\nb": 1})
    assert text.count("\n") == 4
    assert parsed(text) == ("rows", {"name": "a\n\nevent: run\ndata: 1", "nan": None}, {"a\nb": 1})
