"""SIGKILL at random instants: nothing saved is lost.

A control that writes in place must fail the same test, or the kills are too gentle to prove anything.
"""

import random
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from kills import kill_soon

from palestra.errors import PalestraError
from palestra.runs import checkpoints


def state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": torch.full((25_000,), float(step))}


def save_forever(folder: Path, report: Connection) -> None:
    step = max(checkpoints.steps(folder), default=0)
    report.send(step if step else -1)
    while True:
        step += 1
        checkpoints.save(folder, step, state(step), info={})
        if step % 3:
            checkpoints.save(folder, step, state(step), info={"again": True})
        report.send(step)
        checkpoints.prune(folder, {step, step - 1})


def test_killed_while_saving(tmp_path: Path) -> None:
    rng = random.Random(0)
    kills = torn = 0
    while kills < 25 or torn < 3:  # and at least three of them inside a save
        kills += 1
        assert kills < 300, "hardly a kill fell inside a save: the test proves nothing"
        reported = kill_soon(save_forever, tmp_path, rng.uniform(0.0, 0.06))
        torn += any(path.name.startswith(".tmp") for path in tmp_path.glob(".*"))
        if reported < 0 and not checkpoints.steps(tmp_path):
            continue
        loaded = checkpoints.load_latest(tmp_path)
        assert loaded.skipped == []
        assert loaded.step >= reported
        assert loaded.state["step"] == loaded.step
        assert torch.equal(loaded.state["weights"], state(loaded.step)["weights"])


def save_in_place_forever(folder: Path, report: Connection) -> None:
    """What must fail: the files of one checkpoint are overwritten where they stand, by those of another."""
    target, *sources = (folder / name / "step-000000000001" for name in ("target", "one", "two"))
    contents = [{path.name: path.read_bytes() for path in source.iterdir()} for source in sources]
    report.send(0)
    while True:
        for content in contents:
            for name, data in content.items():
                target.joinpath(name).write_bytes(data)


def test_the_control_fails(tmp_path: Path) -> None:
    for i, name in enumerate(("target", "one", "two")):
        checkpoints.save(tmp_path / name, 1, state(i), info={})
    rng = random.Random(1)
    for _ in range(25):
        kill_soon(save_in_place_forever, tmp_path, rng.uniform(0.0, 0.06))
        try:
            checkpoints.load_latest(tmp_path / "target")
        except PalestraError:
            return
    pytest.fail("writing in place survived 25 kills")
