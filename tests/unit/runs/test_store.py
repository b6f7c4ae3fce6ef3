"""Runs: created whole, opened by id or path, written by one process at a time."""

import importlib.metadata
import json
import multiprocessing
import os
import re
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch

from palestra.errors import PalestraError, UsageError
from palestra.runs import store
from palestra.runs.lock import is_locked
from palestra.runs.series import read_rows
from palestra.runs.store import Run, run_ids

FORK = multiprocessing.get_context("fork")
CONFIG = {"gamma": 0.99, "layers": (64, 64), "target": float("inf")}


def test_create(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "runs"
    with Run.create(root, "cartpole", "ppo", 3, CONFIG) as run:
        assert re.fullmatch(r"cartpole-ppo-s3-\d{8}-\d{6}", run.id)
        assert run.path == root / run.id
        assert sorted(os.listdir(run.path)) == [".lock", "config.json", "environment.txt", "manifest.json"]
        assert os.listdir(root) == [run.id]
        assert run.config == {"gamma": 0.99, "layers": [64, 64], "target": float("inf")}
        assert run.status == "running"
        manifest = json.loads((run.path / "manifest.json").read_text())
    assert manifest == run.manifest
    assert (manifest["task"], manifest["method"], manifest["seed"]) == ("cartpole", "ppo", 3)
    assert manifest["exact"] is True
    assert manifest["resumes"] == []
    assert manifest["cpu_count"] == os.cpu_count()
    assert manifest["versions"]["torch"] == importlib.metadata.version("torch")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", manifest["created"])
    assert manifest["processor"].endswith(f" ({torch.backends.cpu.get_cpu_capability()})")
    assert manifest["git_commit"] is None or re.fullmatch("[0-9a-f]{40,64}", manifest["git_commit"])


def test_environment_lists_every_package(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run:
        lines = (run.path / "environment.txt").read_text().splitlines()
    expected = {f"{d.metadata['Name']}=={d.version}" for d in importlib.metadata.distributions()}
    assert set(lines) == expected


def test_ids_never_collide(tmp_path: Path) -> None:
    runs = [Run.create(tmp_path, "a", "b", 0, {}) for _ in range(4)]
    assert len({run.id for run in runs}) == 4
    assert any(run.id.endswith("-2") for run in runs)
    for run in runs:
        run.close()


@pytest.mark.parametrize("name", ["a/b", "", "..", ".hidden", "a b"])
def test_names_that_are_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a run"):
        Run.create(tmp_path / "runs", name, "ppo", 0, {})


def test_failed_creation_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        Run.create(tmp_path, "a", "b", 0, {"x": object()})
    assert os.listdir(tmp_path) == []


def test_creation_stopped_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between any two fsyncs leaves no run or a whole one; a kill runs no clean-up, so none runs here."""
    monkeypatch.setattr(store.shutil, "rmtree", lambda *_, **__: None)
    fsync = os.fsync
    for stop_at in range(12):
        root = tmp_path / str(stop_at)
        calls = 0

        def dying(descriptor: int, stop_at: int = stop_at) -> None:
            nonlocal calls
            calls += 1
            if calls > stop_at:
                raise SystemExit
            fsync(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", dying)
            try:
                Run.create(root, "a", "b", 0, {"x": 1}).close()
                finished = True
            except SystemExit:
                finished = False
        for run_id in run_ids(root):
            opened = Run.open(run_id, root)
            assert opened.config == {"x": 1}
            assert (opened.path / "environment.txt").exists()
        assert len(run_ids(root)) == 1 or not finished
    assert finished


def test_open_by_id_and_path(tmp_path: Path) -> None:
    created = Run.create(tmp_path, "a", "b", 0, CONFIG)
    created.close()
    for name in (created.id, created.path, str(created.path)):
        run = Run.open(name, tmp_path)
        assert run.path == created.path
        assert run.config["layers"] == [64, 64]
    with pytest.raises(PalestraError, match="open for reading; open it with write=True"):
        _ = run.metrics
    with pytest.raises(PalestraError, match="open for reading"):
        run.update_manifest(status="done")


def test_unknown_run(tmp_path: Path) -> None:
    Run.create(tmp_path, "cartpole", "ppo", 0, {}).close()
    Run.create(tmp_path, "pendulum", "sac", 0, {}).close()
    with pytest.raises(UsageError, match="unknown run 'cartpole-ppo-s0'; nearest: cartpole-ppo-s0-"):
        Run.open("cartpole-ppo-s0", tmp_path)
    with pytest.raises(UsageError, match="none is known"):
        Run.open("x", tmp_path / "nowhere")
    for outside in ("..", "../runs", "/"):
        with pytest.raises(UsageError, match="unknown run"):
            Run.open(outside, tmp_path)


def test_update_manifest(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run:
        run.update_manifest(steps=100, headline={"name": "eval/return_mean", "value": 1.5})
        run.update_manifest(status="finished", steps=200)
    opened = Run.open(run.id, tmp_path)
    assert opened.manifest["steps"] == 200
    assert opened.manifest["headline"] == {"name": "eval/return_mean", "value": 1.5}
    assert opened.status == "finished"


def test_metrics_belong_to_the_writer(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run:
        run.metrics.add(1, {"x": 2.0})
        assert run.metrics is run.metrics
    assert read_rows(run.metrics_path) == [(1, "x", 2.0)]
    run.close()
    with pytest.raises(PalestraError, match="open for reading"):
        _ = run.metrics


def test_interrupted_and_leftovers(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", "b", 0, {})
    assert Run.open(run.id, tmp_path).status == "running"
    run.close()
    assert run.status == "interrupted"
    (run.path / ".manifest.json.tmp-99").touch()
    with Run.open(run.id, tmp_path, write=True) as again:
        assert again.status == "running"
        assert not (run.path / ".manifest.json.tmp-99").exists()


def test_damaged_manifest_is_said(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", "b", 0, {})
    run.close()
    (run.path / "manifest.json").write_text("{")
    with pytest.raises(PalestraError, match=r"cannot read .*manifest.json"):
        Run.open(run.id, tmp_path)


def hold(path: Path, report: Connection) -> None:
    run = Run.open(path, path.parent, write=True)
    report.send(run.id)
    time.sleep(60)


def held(path: Path) -> Any:
    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=hold, args=(path, theirs))
    child.start()
    assert ours.recv() == path.name
    return child


def test_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", "b", 0, {})
    with pytest.raises(UsageError, match=rf"being trained by another process \(pid {os.getpid()}\)"):
        Run.open(run.id, tmp_path, write=True)
    run.close()
    child = held(run.path)
    with pytest.raises(UsageError, match=rf"run {run.id} is being trained by another process \(pid {child.pid}\)"):
        Run.open(run.id, tmp_path, write=True)
    assert Run.open(run.id, tmp_path).status == "running"
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    Run.open(run.id, tmp_path, write=True).close()


def idle(report: Connection) -> None:
    report.send(os.getpid())
    time.sleep(60)


def train_with_worker(path: Path, report: Connection) -> None:
    """A trainer that forks a worker, as vector environments do."""
    run = Run.open(path, path.parent, write=True)
    worker = FORK.Process(target=idle, args=(report,))
    worker.start()
    run.manifest.clear()
    worker.join()


def test_an_orphaned_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "a", "b", 0, {})
    run.close()
    ours, theirs = FORK.Pipe(duplex=False)
    trainer = FORK.Process(target=train_with_worker, args=(run.path, theirs))
    trainer.start()
    worker = ours.recv()
    try:
        assert is_locked(run.path)
        assert trainer.pid is not None
        os.kill(trainer.pid, signal.SIGKILL)
        trainer.join()
        os.kill(worker, 0)  # still there
        assert not is_locked(run.path)
        Run.open(run.id, tmp_path, write=True).close()
    finally:
        os.kill(worker, signal.SIGKILL)


def test_an_edit_of_the_configuration_is_seen_and_a_change_is_none(tmp_path: Path) -> None:
    with Run.create(tmp_path, "t", "m", 0, {"a": (1, 2), "b": {}}) as run:
        assert not run.edited
        run.update_config({"a": 3}, note="x")
        assert (run.config, run.manifest["note"], run.edited) == ({"a": 3}, "x", False)
        assert not Run.open(run.id, tmp_path).edited
        (run.path / "config.json").write_text('{"a": 4}')
    assert Run.open(run.id, tmp_path).edited
    del run.manifest["config_digests"]  # a run of before there were any
    assert not run.edited


def test_a_change_that_is_cut_between_its_two_files_is_no_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Run.create(tmp_path, "t", "m", 0, {"a": 1}) as run:
        write = store.write_json

        def cut(path: Path, value: dict) -> None:
            if path.name == "config.json":
                raise PalestraError("full")
            write(path, value)

        monkeypatch.setattr(store, "write_json", cut)
        with pytest.raises(PalestraError, match="full"):
            run.update_config({"a": 2})
    assert Run.open(run.id, tmp_path).config == {"a": 1}
    assert not Run.open(run.id, tmp_path).edited
