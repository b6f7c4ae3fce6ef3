"""Copies of a run: whole or not there, sent once, of the newest holder, and never behind a fence."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from made_runs import CURVE, make_run

from palestra.errors import PalestraError, UsageError
from palestra.runs import checkpoints
from palestra.runs.depot import FolderDepot
from palestra.runs.lease import Lease, LeaseLostError, Waiter
from palestra.runs.series import read_series
from palestra.runs.shipping import Copy, Sender, fetch, newest_step
from palestra.runs.store import Run

ROOT = "trial"


@pytest.fixture
def depot(tmp_path: Path) -> FolderDepot:
    made = FolderDepot(tmp_path / "depot")
    made.make()
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "there" / make_run(tmp_path / "there")
    saved(path, 100)
    return path


def saved(run: Path, step: int) -> None:
    checkpoints.save(run / "checkpoints", step, {"weights": torch.full((8,), float(step))}, info={})


def held(depot: FolderDepot) -> Lease:
    """A lease that is given back at once, so that the next call has one too."""
    lease = Waiter(depot, ROOT).look()
    assert lease is not None
    depot.put(f"{lease.place}/left", b"")
    return lease


def sender(depot: FolderDepot) -> Sender:
    return Sender(depot, held(depot).place, lambda: None)


def test_a_copy_is_the_run(depot: FolderDepot, run: Path, tmp_path: Path) -> None:
    (run / ".lock").write_text("1\n")
    (run / ".config.json.tmp-1").write_text("half")
    (run / "tb").mkdir()
    (run / "tb" / "events").write_text("mirrored")
    assert newest_step(depot, ROOT) == -1
    assert fetch(depot, ROOT, tmp_path / "here") is None
    copy = sender(depot).send(run)
    assert (copy.run, copy.step) == (run.name, 100)
    assert newest_step(depot, ROOT) == 100
    came = fetch(depot, ROOT, tmp_path / "here")
    assert came == tmp_path / "here" / run.name
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    ours = {path.relative_to(came).as_posix() for path in came.rglob("*") if path.is_file()}
    assert ours == {name for name in names if not name.startswith((".", "metrics.db-"))}
    assert checkpoints.load_latest(came / "checkpoints").step == 100
    assert read_series(came / "metrics.db", "eval/return_mean")[1].tolist() == CURVE
    assert Run.open(came, came.parent).manifest == Run.open(run, run.parent).manifest
    assert [path.name for path in (tmp_path / "here").iterdir()] == [run.name]


def test_rows_that_are_being_written_are_copied_as_they_are_at_one_moment(
    depot: FolderDepot, run: Path, tmp_path: Path
) -> None:
    sending = sender(depot)
    with Run.open(run, run.parent, write=True) as writing:
        writing.metrics.add(600, {"eval/return_mean": 1.0})
        writing.metrics.commit()
        writing.metrics.add(700, {"eval/return_mean": 2.0})
        sending.send(run)
    came = fetch(depot, ROOT, tmp_path / "here")
    assert came is not None
    assert read_series(came / "metrics.db", "eval/return_mean")[1].tolist() == [*CURVE, 1.0]


def test_what_has_not_changed_is_sent_once_and_what_nobody_needs_is_taken_away(
    depot: FolderDepot, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    put = depot.put_file
    monkeypatch.setattr(depot, "put_file", lambda name, path: sent.append(name) or put(name, path))
    sending = sender(depot)
    sending.send(run)
    everything = len(sent)
    sending.send(run)
    assert len(sent) == everything
    for step in (200, 300, 400):
        saved(run, step)
        checkpoints.prune(run / "checkpoints", {step})
        sending.send(run)
    assert len(sent) == everything + 3 * 2  # weights and manifest of each checkpoint; its third file is as before
    copies = depot.names(f"{sending._place}/copies")
    assert [name.rpartition("/")[2] for name in copies] == ["000004", "000005"]
    wanted = {digest for name in copies for _, digest in json.loads(depot.get(name) or b"")["files"].values()}
    assert {name.rpartition("/")[2] for name in depot.names(f"{sending._place}/files")} == wanted


def test_the_copy_before_is_taken_where_the_last_one_is_damaged(depot: FolderDepot, run: Path, tmp_path: Path) -> None:
    sending = sender(depot)
    first = sending.send(run)
    saved(run, 200)
    second = sending.send(run)
    name = "checkpoints/step-000000000200/tensors.safetensors"
    path = depot.root / sending._place / "files" / second.files[name][1]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    came = fetch(depot, ROOT, tmp_path / "here")
    assert came is not None
    assert checkpoints.steps(came / "checkpoints") == [first.step]
    (depot.root / sending._place / "files" / first.files["config.json"][1]).unlink()
    with pytest.raises(PalestraError, match=r"no whole copy of trial .*config.json is missing"):
        fetch(depot, ROOT, tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_of_several_holders_the_last_one_that_sent_anything_counts(
    depot: FolderDepot, run: Path, tmp_path: Path
) -> None:
    first, second = sender(depot), sender(depot)
    saved(run, 200)
    second.send(run)
    saved(run, 300)
    first.send(run)  # it was frozen between the look and the write
    held(depot)  # and one that has sent nothing yet
    assert newest_step(depot, ROOT) == 200
    came = fetch(depot, ROOT, tmp_path / "here")
    assert came is not None
    assert checkpoints.steps(came / "checkpoints") == [100, 200]


def test_who_has_lost_the_lease_shows_nothing(depot: FolderDepot, run: Path) -> None:
    lease = Waiter(depot, ROOT).look()
    assert lease is not None
    sending = Sender(depot, lease.place, lease.check)
    sending.send(run)
    depot.create(f"{ROOT}/lease/000002", b"{}")
    saved(run, 200)
    with pytest.raises(LeaseLostError):
        sending.send(run)
    assert newest_step(depot, ROOT) == 100


def test_a_checkpoint_that_goes_while_it_is_sent_begins_the_copy_anew(
    depot: FolderDepot, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, gone = depot.put_file, [False]

    def prune_first(name: str, path: Path) -> None:
        if not gone[0] and "checkpoints" in path.parts:
            gone[0] = True
            saved(run, 200)
            checkpoints.prune(run / "checkpoints", {200})
        put(name, path)

    monkeypatch.setattr(depot, "put_file", prune_first)
    copy = sender(depot).send(run)
    assert copy.step == 200
    assert {name.split("/")[1] for name in copy.files if "/" in name} == {"step-000000000200"}


def test_an_earlier_state_of_the_run_makes_room_unless_it_is_being_trained(
    depot: FolderDepot, run: Path, tmp_path: Path
) -> None:
    sending = sender(depot)
    sending.send(run)
    here = tmp_path / "here"
    came = fetch(depot, ROOT, here)
    assert came is not None
    saved(run, 200)
    sending.send(run)
    with Run.open(came, here, write=True), pytest.raises(UsageError, match="being trained by another process"):
        fetch(depot, ROOT, here)
    assert checkpoints.steps(came / "checkpoints") == [100]
    assert fetch(depot, ROOT, here) == came
    assert checkpoints.steps(came / "checkpoints") == [100, 200]
    assert [path.name for path in here.iterdir()] == [came.name]


@pytest.mark.parametrize(
    "values",
    [
        {"run": "..", "step": 1, "files": {}},
        {"run": "a", "step": 1, "files": {"../b": [1, "x"]}},
        {"run": "a", "step": 1, "files": {"/b": [1, "x"]}},
        {"run": "a", "step": 1, "files": {"b/.lock": [1, "x"]}},
        {"run": "a", "step": 1, "files": {"b": [1]}},
        {"run": "a", "step": 1, "files": []},
        {"run": "a", "files": {}},
        [],
    ],
)
def test_a_copy_that_leads_out_or_is_none_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match=r"in the path of a file|Error"):
        Copy.from_bytes(json.dumps(values).encode())
