"""A recipe for a data set, from the command line: train, resume, eval, list, show, runs, verify."""

import json
from pathlib import Path
from typing import Any

import cast
import pytest
from run_comparison import differences

import palestra
from palestra.cli.main import main
from palestra.learners.registry import LEARNERS
from palestra.recipes.registry import RECIPES
from palestra.trials.compare import compare
from palestra.trials.train import Interrupted
from palestra.trials.trial import Trial, attempt

Captured = pytest.CaptureFixture[str]
RECIPE = cast.RECIPES["logistic-regression"]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in cast.TOYS.items():
        monkeypatch.setitem(LEARNERS, name, place)
    for recipe in cast.RECIPES.values():
        monkeypatch.setitem(RECIPES, recipe.id, recipe)


def printed(argv: list[str], capsys: Captured) -> Any:
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_train_and_eval(tmp_path: Path, capsys: Captured) -> None:
    assert main(["train", RECIPE.id, "--out", str(tmp_path), "--set", "learner.learning_rate=0.25"]) == 0
    said = capsys.readouterr()
    assert "2,000/2,000 samples (100%)" in said.err
    assert "\nsamples  2,000 in " in said.out
    assert "palestra eval" in said.out
    assert "palestra play" not in said.out
    (run,) = tmp_path.glob("*/")
    config = json.loads((run / "config.json").read_text())
    assert config["dataset"] == {"id": "toy/blobs", "kwargs": {}}
    assert config["learner"]["settings"]["learning_rate"] == 0.25
    assert "world" not in config
    found = printed(["eval", str(run)], capsys)
    assert (found["metric"], found["dataset"], found["split"], found["rows"]) == (
        "eval/log_loss", "toy/blobs", "test", 100,
    )  # fmt: skip
    assert found["score"] == found["eval/log_loss"] == palestra.evaluate(run).score < 0.45
    assert printed(["eval", str(run), "--split", "validation", "--rows", "10"], capsys)["rows"] == 10
    assert main(["eval", str(run)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("eval/log_loss  ")
    assert "100 rows of toy/blobs, test" in said
    assert "at 2,000 samples" in said or "samples" in said
    assert main(["runs", "show", str(run)]) == 0
    assert "dataset      toy/blobs" in capsys.readouterr().out


def test_the_claim_is_held_against_the_test_split(tmp_path: Path) -> None:
    outcome = palestra.train(RECIPE.id, out=tmp_path)
    assert outcome.claim is not None
    assert (outcome.claim["metric"], outcome.claim["split"], outcome.claim["reached"]) == (
        "eval/log_loss", "test", True,
    )  # fmt: skip
    assert (outcome.clock_unit, outcome.learned_from) == ("samples", "dataset")
    assert outcome.claim["value"] == palestra.evaluate(outcome.path, which="last").score


def test_arguments_of_the_data_are_overrides(tmp_path: Path) -> None:
    outcome = palestra.train(RECIPE.id, {"dataset.kwargs.classes": "4"}, out=tmp_path, budget=400)
    assert palestra.load(outcome.path).weights.shape == (3, 4)
    assert outcome.claim is None


def test_interrupted_within_an_epoch_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = palestra.train(RECIPE.id, out=tmp_path / "whole", tensorboard=False)
    from logistic_regression import LogisticRegression

    step, steps = LogisticRegression.step, []

    def interrupting(self: LogisticRegression) -> dict[str, float]:
        steps.append(self.clock)
        if len(steps) == 20:
            raise_signal()
        return step(self)

    def raise_signal() -> None:
        import signal

        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(LogisticRegression, "step", interrupting)
    with pytest.raises(Interrupted) as stop:
        palestra.train(RECIPE.id, out=tmp_path / "parts", tensorboard=False)
    assert stop.value.outcome.steps % 200 != 0
    outcome = palestra.resume(stop.value.outcome.path)
    assert (outcome.ending, outcome.notes) == ("finished", [])
    assert differences(Path(whole.path), Path(outcome.path)) == []


def test_list_and_show(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {recipe["id"]: recipe for recipe in printed(["list", "--paradigm", "supervised"], capsys)["recipes"]}
    assert listed[RECIPE.id]["dataset"] == "toy/blobs"
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["list", "--paradigm", "supervised"]) == 0
    assert "2,000 samples, claims <= 0.4" in capsys.readouterr().out
    shown = printed(["show", RECIPE.id], capsys)
    assert shown["dataset"]["id"] == "toy/blobs"
    assert shown["documentation"]["dataset"].keys() == {"id", "kwargs"}
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["show", RECIPE.id]) == 0
    said = capsys.readouterr().out
    assert "eval/log_loss <= 0.4 over all rows" in said
    assert "2,000 samples" in said


def test_a_trial_is_measured_and_less_wins_where_less_is_better(tmp_path: Path) -> None:
    for name, rate in (("good", 0.5), ("bad", 1e-4)):
        for seed in range(5):
            result = attempt(Trial(RECIPE, seed, {"learning_rate": rate}, 600), tmp_path / name)
            assert result.error is None
            assert result.value is not None
    found = compare([str(tmp_path / "good"), str(tmp_path / "bad")])
    assert found.winner == str(tmp_path / "good")
    assert found.pairs[0].difference < 0 < found.pairs[0].improvement - 0.5
    assert "over all rows" in found.measured
