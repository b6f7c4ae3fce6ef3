"""TensorBoard's own reader reads the mirror, restarts included, and nothing drags TensorFlow in."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.runs import tensorboard

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    reader = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    reader.Reload()
    return [(event.step, event.value) for event in reader.Scalars(tag)]


def test_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "tb"
    mirror = tensorboard.TensorBoardMirror(folder)
    mirror.add(1, {"train/loss": 0.5, "eval/return_mean": 20.0})
    mirror.add(2**40, {"train/loss": math.inf})
    mirror.flush()
    assert scalars(folder, "train/loss") == [(1, 0.5), (2**40, math.inf)]
    mirror.add(2**40 + 1, {"train/loss": math.nan})
    mirror.close()
    assert math.isnan(scalars(folder, "train/loss")[-1][1])
    assert len(os.listdir(folder)) == 1
    assert "tfevents" in os.listdir(folder)[0]


def test_restart_drops_what_lies_beyond(tmp_path: Path) -> None:
    first = tensorboard.TensorBoardMirror(tmp_path)
    for step in range(6):
        first.add(step, {"x": float(step)})
    first.close()
    second = tensorboard.TensorBoardMirror(tmp_path)
    second.restart_at(3)
    second.add(4, {"x": 40.0})
    second.close()
    assert len(os.listdir(tmp_path)) == 2
    assert scalars(tmp_path, "x") == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0)]


def test_a_restart_before_the_first_checkpoint(tmp_path: Path) -> None:
    first = tensorboard.TensorBoardMirror(tmp_path)
    first.add(0, {"x": 1.0})
    first.close()
    second = tensorboard.TensorBoardMirror(tmp_path)
    second.restart_at(-1)
    second.add(0, {"x": 2.0})
    second.close()
    assert scalars(tmp_path, "x") == [(0, 2.0)]


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"pip install .*\[tensorboard\]'"):
        tensorboard.TensorBoardMirror(tmp_path)


def test_imports(tmp_path: Path) -> None:
    code = f"""
import sys
from palestra.runs import tensorboard
from pathlib import Path
assert tensorboard.is_available()
assert not any(name.split(".")[0] == "tensorboard" for name in sys.modules)
tensorboard.TensorBoardMirror(Path({str(tmp_path)!r})).close()
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
