"""``palestra predict``: a table for people, one object for programs."""

import json
from pathlib import Path

import numpy as np
import pytest

import palestra
from palestra.cli.main import main
from palestra.cli.predict import Args


def test_it_prints_what_every_row_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = palestra.SoftmaxRegression("digits").learn(3_000).save(tmp_path / "saved")
    images, _ = palestra.load_data("digits", split="test")
    np.save(tmp_path / "rows.npy", images[:2])
    argv = ["predict", str(saved), str(tmp_path / "rows.npy")]
    assert main([*argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    assert [each["value"] for each in found] == palestra.load(saved).predict(images[:2]).tolist()
    assert main(argv) == 0
    said = capsys.readouterr().out
    for each in found:
        assert f"{each['name']}" in said
        assert f"{each['probability']:.3f}" in said
    assert Args("run", ("file",)).which == "best"


def test_nothing_to_predict_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = palestra.SoftmaxRegression("digits").save(tmp_path / "saved")
    assert main(["predict", str(saved)]) == 2
    assert "no files; expected images, tables, or .npy files of rows" in capsys.readouterr().err
    assert main(["predict", str(tmp_path), "x.png"]) == 2
    assert "expected a run's folder" in capsys.readouterr().err
