"""A run as a file that was tried: whole, by anybody again, and never one that says something else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import palestra
from palestra.errors import PalestraError
from palestra.exports import artefact, parity
from palestra.exports.artefact import Format, write_function
from palestra.exports.drawn import COUNT


def learned() -> Any:
    return palestra.SoftmaxRegression("iris").learn(300)


@pytest.mark.parametrize("to", ["onnx", "torch-export"])
def test_a_file_lies_beside_what_it_was_tried_on(tmp_path: Path, to: Format) -> None:
    if to == "onnx":
        pytest.importorskip("onnxruntime")
    learner = learned()
    done = write_function(learner, to, tmp_path / "out", name="a-run", seed=4)
    about = json.loads((tmp_path / "out" / "artefact.json").read_text())
    assert done.facts["trial"] == about["trial"]
    assert (about["run"], about["step"], about["trial"]["inputs"], COUNT) == ("a-run", learner.clock, 1_000, 1_000)
    assert about["labels"] == list(learner.dataset.class_names())
    assert about["inputs"] == [{"name": "rows", "dtype": "float64", "shape": [4]}]
    assert [each["name"] for each in about["outputs"]] == ["label", "probability"]
    assert about["trial"]["largest"]["label"] == 0.0
    assert about["trial"]["largest"]["probability"] <= 1e-5
    stored = load_file(tmp_path / "out" / "parity.safetensors")
    np.testing.assert_array_equal(stored["output.label"], learner.predict(stored["input.rows"]))
    assert stored["input.rows"].shape == (1_000, 4)
    assert done.file.is_file()
    assert sorted(path.name for path in done.folder.iterdir()) == sorted(
        [done.file.name, "artefact.json", "parity.py", "parity.safetensors"]
    )


def test_anybody_can_try_it_again(tmp_path: Path) -> None:
    """In a process of its own, which sees no Palestra; and once its numbers are others, it says so."""
    pytest.importorskip("onnxruntime")
    done = write_function(learned(), "onnx", tmp_path / "out", name="a-run")
    command = [sys.executable, "-I", "-c", "import sys; sys.modules['palestra'] = None\n"
               "import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
               str(done.folder / "parity.py")]  # fmt: skip
    good = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (good.returncode, good.stdout.count("largest difference")) == (0, 2), good.stderr
    from safetensors.numpy import save_file

    stored = load_file(done.folder / "parity.safetensors")
    stored["output.probability"] = stored["output.probability"] + 1e-4
    save_file(stored, done.folder / "parity.safetensors")
    assert subprocess.run(command, capture_output=True, text=True, timeout=120).returncode == 1


def test_what_says_something_else_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "trial", lambda folder: {"label": float("inf"), "probability": 3e-5})
    with pytest.raises(PalestraError, match=r"label by inf, probability by 3e-05 of 1,000 inputs.*at most 1e-05"):
        write_function(learned(), "torch-export", tmp_path / "out", name="a-run")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_run_here_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> dict[str, float]:
        raise RuntimeError("no kernel\nfor this")

    monkeypatch.setattr(artefact.parity, "trial", refuse)
    with pytest.raises(PalestraError, match=r"model.pt2 of a-run cannot be run here: no kernel; "):
        write_function(learned(), "torch-export", tmp_path / "out", name="a-run")
