"""Trials as tasks of Ray: what a task asks for, when it is over, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from quick import QUICK

from palestra.errors import PalestraError, UsageError
from palestra.trials.cluster import on_ray
from palestra.trials.cluster.on_ray import RayPool, run_worker
from palestra.trials.trial import Trial


class Ray:
    """In place of Ray: tasks that never begin, and end when a test says so."""

    def __init__(self) -> None:
        self.tasks: list[tuple[dict[str, Any], tuple[Any, ...]]] = []
        self.over: set[int] = set()
        self.said: list[Any] = []

    def remote(self, function: Any) -> Any:
        assert function is run_worker

        def options(**given: Any) -> Any:
            def begin(*words: Any) -> int:
                self.tasks.append((given, words))
                return len(self.tasks) - 1

            return SimpleNamespace(remote=begin)

        return SimpleNamespace(options=options)

    def wait(self, tasks: list[int], num_returns: int, timeout: float) -> tuple[list[int], list[int]]:
        assert (num_returns, timeout) == (len(tasks), 0)
        return [task for task in tasks if task in self.over], [task for task in tasks if task not in self.over]

    def cancel(self, task: int, *, force: bool) -> None:
        self.said.append((task, force))
        if task in self.over:
            raise ValueError("it is over")

    def shutdown(self) -> None:
        self.said.append("shutdown")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    made = Ray()
    monkeypatch.setattr(on_ray, "_begun", lambda address: made)
    return made


def test_a_task_asks_for_what_its_training_needs(ray: Ray, tmp_path: Path) -> None:
    pool = RayPool(3, look=0.0)
    pool.submit(Trial(QUICK, 0, {"threads": 2}), tmp_path)
    pool.submit(Trial(QUICK, 1, {"device": "cuda:0"}), tmp_path)
    pool.poll()
    (first, (words, threads)), (second, _) = ray.tasks
    assert first == {"num_cpus": 2, "num_gpus": 0, "max_retries": 0, "name": "toy/quick seed 0"}
    assert (second["num_cpus"], second["num_gpus"]) == (1, 1)
    assert threads == 2
    assert words[0] == str(tmp_path / ".pool")
    handles = [job.handle for job in pool._shelf.running]
    assert pool.alive(handles) == set(handles)
    ray.over.add(0)
    assert pool.alive(handles) == {handles[1]}
    pool.cancel(handles[1])
    pool.withdraw(handles[0])  # harmless
    pool.leave()
    assert ray.said == [(1, True), (0, False), "shutdown"]


def test_the_process_of_a_task_has_its_threads_and_is_leashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$OMP_NUM_THREADS $@" > {said}\nexit 5\n')
    program.chmod(0o755)
    monkeypatch.setattr(on_ray.sys, "executable", str(program))
    assert run_worker(["depot", "root"], 3) == 5
    assert said.read_text() == "3 -m palestra.trials.cluster.worker --leashed depot root\n"


def test_a_task_that_is_ended_lets_its_process_save(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(on_ray.sys, "executable", str(program))
    monkeypatch.setattr(on_ray, "SAVING", 0.3)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            raise KeyboardInterrupt
        subprocess.run(["sleep", "0.05"], check=True)

    monkeypatch.setattr(on_ray, "time", SimpleNamespace(sleep=nap, monotonic=time.monotonic))
    assert run_worker([], 1) == -signal.SIGKILL
    assert len(naps) > 2


def test_ray_that_is_not_there_or_not_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", on_ray._LOOPBACK):
        monkeypatch.setenv(name, "")  # so that it is as before in the end
        monkeypatch.delenv(name)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"a pool on Ray needs the \[cluster\] extra"):
        RayPool(1)
    assert (os.environ["RAY_USAGE_STATS_ENABLED"], os.environ["RAY_AUTH_MODE"]) == ("0", "token")
    asked: list[dict[str, Any]] = []

    def init(**words: Any) -> None:
        asked.append(words)
        raise ConnectionError("nobody\nanswers")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init))
    with pytest.raises(PalestraError, match=r"no Ray cluster at 127\.0\.0\.1:1: nobody; expected one"):
        RayPool(1, address="127.0.0.1:1")
    with pytest.raises(PalestraError, match="does not begin on this machine"):
        RayPool(1)
    assert asked[0]["address"] == "127.0.0.1:1"
    assert "num_cpus" not in asked[0]
    assert (asked[1]["address"], asked[1]["include_dashboard"]) == ("local", False)
    assert os.environ[on_ray._LOOPBACK] == "0"
