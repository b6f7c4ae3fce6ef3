"""``palestra eval``: a measurement that says what it was of."""

import json
from pathlib import Path

import numpy as np
import pytest

import palestra
from palestra.cli import eval as command
from palestra.cli.main import main
from palestra.envs.world import World
from palestra.measure import Measure


def test_it_says_what_it_measured_and_how_sure_that_is(quick_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["eval", str(quick_run), "--episodes", "4", "--seed", "3", "--which", "last"]
    assert main([*argv, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["step"], printed["which"], printed["seed"], printed["episodes"]) == (256, "last", 3, 4)
    assert printed["mean"] == pytest.approx(np.mean(printed["returns"]))
    low, high = printed["ci95"]
    assert low < printed["mean"] < high
    assert printed["length_mean"] == pytest.approx(printed["mean"])  # CartPole pays one for each step
    assert main(argv) == 0
    said = capsys.readouterr().out
    assert f"mean return  {printed['mean']:.4g}".rstrip("0") in said
    assert "CartPole-v1, as Gymnasium made it" in said


def test_its_defaults_are_the_best_checkpoint_and_what_its_source_counts() -> None:
    args = command.parse(command.Args, ["somewhere"], "eval")
    assert (args.run, args.checkpoint, args.episodes, args.seed, args.device) == ("somewhere", "best", None, 0, None)
    assert World("X").final() == Measure(100, "reference")  # what no number stands for


def test_no_checkpoint_is_chosen_of_what_is_trained_anew(quick_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(quick_run), "--split", "5-fold", "--which", "last"]) == 2
    assert "--which last with --split 5-fold; expected one of them: folds are trained anew" in capsys.readouterr().err


def test_an_anomaly_detector_has_an_f1_and_no_range_of_outcomes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = palestra.GaussianAnomaly("toy/outliers").learn(1_000).save(tmp_path / "saved")
    assert main(["eval", str(saved)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("eval/f1 ")
    assert "range" not in said
    assert main(["eval", str(saved), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["mean"], told["ci95"]) == (None, None)
    assert told["score"] == told["eval/f1"] > 0.5
    saved = palestra.SoftmaxRegression("digits").learn(1_000).save(tmp_path / "accuracy")
    assert main(["eval", str(saved)]) == 0
    assert "range        0 to 1" in capsys.readouterr().out
