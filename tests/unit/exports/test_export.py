"""``palestra.export``: a run by its folder or id, to a file or a folder."""

from pathlib import Path

import numpy as np
import pytest

import palestra
from palestra.errors import UsageError
from palestra.exports.export import export


def test_a_run_becomes_a_file(quick_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    import onnxruntime

    done = palestra.export(quick_run.name, "onnx", tmp_path / "out", out=quick_run.parent, which="last")
    assert (done.to, done.learner, done.step) == ("onnx", "ppo", 256)
    assert done.facts["trial"]["where"] == "met in CartPole-v1, half of the actions at random"
    assert done.facts["trial"]["largest"]["action"] == 0.0
    session = onnxruntime.InferenceSession(str(done.file), providers=["CPUExecutionProvider"])
    obs = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    agent = palestra.load(quick_run, which="last")
    np.testing.assert_array_equal(session.run(["action"], {"observation": obs})[0], agent.predict(obs))


def test_what_is_asked_for_wrongly_is_told_at_once(quick_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="to='pickle'; expected 'onnx', 'torch-export' or 'hub'"):
        export(quick_run, "pickle", tmp_path / "out")  # type: ignore[arg-type]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UsageError, match="there already"):
        export(quick_run, "onnx", tmp_path / "out")
