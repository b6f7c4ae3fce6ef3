"""``palestra export``: what was written is told, to people and to programs."""

import json
from pathlib import Path

import pytest

import palestra
from palestra.cli.export import Args
from palestra.cli.main import main


def test_a_file_is_told_with_what_it_takes_and_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = palestra.SoftmaxRegression("iris").learn(200).save(tmp_path / "saved")
    argv = ["export", str(saved), "--to", "torch-export"]
    assert main([*argv, str(tmp_path / "one")]) == 0
    said = capsys.readouterr().out
    for line in (
        f"wrote    {tmp_path / 'one' / 'model.pt2'}, softmax-regression at step ",
        "inputs   rows float64 (batch, 4)",
        "outputs  label int64 (batch)",
        "outputs  probability float64 (batch, 3)",
        "tried    on 1,000 inputs, the ",
        "parity   label: the same for each",
        "parity   probability: largest difference ",
        f"again    python {tmp_path / 'one' / 'parity.py'}",
    ):
        assert line in said
    assert main([*argv, str(tmp_path / "two"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["run"], told["to"], told["folder"]) == (str(saved), "torch-export", str(tmp_path / "two"))
    assert told["trial"]["largest"]["label"] == 0.0
    assert Args("run", Path("dir"), "onnx").which == "best"


def test_a_hubs_folder_is_told_with_its_figures(
    quick_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["export", str(quick_run), str(tmp_path / "hub"), "--to", "hub", "--count", "2", "--json"]
    assert main(argv) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(tmp_path / "hub" / "README.md")
    assert told["n_eval_episodes"] == 2
    assert (tmp_path / "hub" / "README.md").is_file()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--to", "onnx", "--count", "3"], "--count 3 with --to onnx; expected --to hub"),
        (["--to", "hub", "--count", "0"], "--count 0; expected 1 to 10,000,000"),
        (["--to", "onnx", "--seed", "-1"], "--seed -1; expected 0 or more"),
        (["--to", "pickle"], "pickle"),
        ([], "--to"),
    ],
)
def test_bad_usage_is_one_line(
    quick_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["export", str(quick_run), str(tmp_path / "x"), *more]) == 2
    assert said in capsys.readouterr().err


def test_what_is_no_function_is_refused_with_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = palestra.Thompson("bandit/bernoulli").save(tmp_path / "saved")
    assert main(["export", str(saved), str(tmp_path / "x"), "--to", "torch-export"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "thompson pulls arms and observes nothing" in said
    assert "`palestra export RUN --to hub DIR` takes any run" in said
    assert not (tmp_path / "x").exists()
