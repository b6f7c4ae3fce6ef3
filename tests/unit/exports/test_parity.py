"""The script beside a file: what it counts as a difference, and that it needs nothing of ours."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from palestra.exports import parity
from palestra.exports.parity import LIMIT, difference, main, trial


def test_a_difference_is_a_share_of_what_is_larger_than_one() -> None:
    assert difference(np.array([1e-3, 200.0]), np.array([1e-3 + 2e-6, 200.001])) == pytest.approx(5e-6, rel=1e-6)
    same = np.array([np.nan, np.inf, -np.inf, 0.0])
    assert difference(same, same.copy()) == 0.0
    assert difference(same, np.array([np.nan, np.inf, np.inf, 0.0])) == np.inf
    assert difference(np.array([1.0]), np.array([np.nan])) == np.inf


def test_a_choice_is_the_same_or_another() -> None:
    assert difference(np.array([1, 2]), np.array([1, 2])) == 0.0
    assert difference(np.array([1, 2]), np.array([1, 3])) == np.inf
    assert difference(np.array([1, 2]), np.array([1, 2], np.int32)) == np.inf
    assert difference(np.zeros((2, 1)), np.zeros(2)) == np.inf


def folder_of(tmp_path: Path) -> Path:
    about = {"to": "onnx", "file": "x", "inputs": [{"name": "rows"}], "outputs": [{"name": "value"}, {"name": "label"}]}
    (tmp_path / "artefact.json").write_text(json.dumps(about))
    rows = np.arange(8.0).reshape(8, 1)
    save_file(
        {"input.rows": rows, "output.value": rows[:, 0] / 4, "output.label": np.arange(8) % 2},
        tmp_path / "parity.safetensors",
    )
    return tmp_path


def asker(drift: float = 0.0, alone: float = 0.0) -> Any:
    """One that is off by so much, and where it is asked for one by so much more."""

    def ask(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        rows = given["rows"]
        off = drift + (alone if len(rows) == 1 else 0.0)
        return {"value": rows[:, 0] / 4 + off, "label": rows[:, 0].astype(int) % 2}

    return lambda folder, about: ask


@pytest.mark.parametrize(("drift", "alone", "status"), [(0.0, 0.0, 0), (2e-5, 0.0, 1), (0.0, 2e-5, 1), (5e-6, 0.0, 0)])
def test_it_compares_all_at_once_and_some_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drift: float, alone: float,
    status: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(parity, "asker", asker(drift, alone))
    folder = folder_of(tmp_path)
    found = trial(folder)
    assert found["label"] == 0.0
    assert found["value"] == pytest.approx(max(drift, drift + alone), abs=1e-9)
    assert main([str(folder)]) == status
    assert f"at most {LIMIT:g}" in capsys.readouterr().out


def test_it_needs_nothing_of_ours() -> None:
    tree = ast.parse(Path(parity.__file__).read_text())
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    tops = {name.split(".")[0] for name in named} - set(sys.stdlib_module_names)
    assert tops == {"numpy", "torch", "safetensors"}
