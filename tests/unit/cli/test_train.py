"""``palestra train``: what is asked for on the command line, and its exit status."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

import palestra.trials.train
from palestra.cli.main import main
from palestra.cli.train import FLAGS
from palestra.engine.settings import TrainSettings
from palestra.envs.world import World
from palestra.recipes.registry import RECIPES
from palestra.trials.train import Interrupted, Outcome


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What training is asked for, in place of a training."""
    calls: list[Any] = []

    def train(recipe: Any, overrides: Any, **words: Any) -> Outcome:
        calls.append((recipe.id, dict(overrides), words))
        return Outcome("r", "runs/r", "finished", 5, 1.0, {}, None, "eval/return_mean", "env steps", "world", [], None)

    monkeypatch.setattr(palestra.trials.train, "train", train)
    return calls


def test_options_come_after_settings_and_land_where_they_belong(asked: list[Any], tmp_path: Path) -> None:
    argv = ["train", "cartpole/ppo", "--num-envs", "3", "--set", "gamma=0.5", "--set", "world.num_envs=9", "--quiet"]
    assert main([*argv, "--env-kwargs", '{"a": 1}', "--budget", "64", "--out", str(tmp_path), "--no-plots"]) == 0
    ((recipe, overrides, words),) = asked
    assert recipe == "cartpole/ppo"
    assert overrides == {"gamma": "0.5", "world.num_envs": 3, "world.kwargs": {"a": 1}, "training.budget": 64}
    assert words == {"out": tmp_path, "progress": False, "plots": False, "video": False, "start_from": None}


def test_every_option_is_a_setting_of_its_part() -> None:
    fields = {"world": World.__dataclass_fields__, "training": TrainSettings.__dataclass_fields__}
    for place in FLAGS.values():
        part, name = place.split(".")
        assert name in fields[part]


def test_any_algorithm_on_any_environment_has_a_name(asked: list[Any], tmp_path: Path) -> None:
    assert main(["train", "--algo", "ppo", "--env-id", "Acrobot-v1", "--quiet", "--out", str(tmp_path)]) == 0
    assert asked[0][0] == "acrobot-v1/ppo"


def test_a_claim_that_is_not_reached_is_status_1_and_a_signal_128_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    argv = ["train", QUICK.id, "--quiet", "--no-plots", "--json", "--out", str(tmp_path)]
    assert main(argv) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["steps"], printed["claim"]["reached"]) == (256, False)

    def stopped(*_: Any, **__: Any) -> Outcome:
        raise Interrupted(
            Outcome("r", "r", "interrupted", 5, 1.0, {}, None, "h", "steps", "world", [], int(signal.SIGTERM))
        )

    monkeypatch.setattr(palestra.trials.train, "train", stopped)
    assert main(argv) == 128 + signal.SIGTERM


def test_a_new_run_from_another_asks_for_what_that_one_was_asked(asked: list[Any], tmp_path: Path) -> None:
    argv = ["train", "--quiet", "--no-plots", "--out", str(tmp_path)]
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.json").write_text("{}")
    with pytest.raises(AttributeError):  # there is no recipe, whose id is asked for
        main([*argv, "--from", "old", "--env-id", "Some-v0", "--seed", "3"])
    with pytest.raises(AttributeError):
        main([*argv, "--from", str(tmp_path / "old"), "--num-envs", "3"])
    assert main([*argv, "--from", "old", "--algo", "dqn", "--env-id", "CartPole-v1"]) == 0
    assert asked[0][0] == "cartpole-v1/dqn"
    assert asked[0][2]["start_from"] == "old"


def test_a_run_goes_on_as_the_command_line_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    argv = ["train", "--quiet", "--no-plots", "--out", str(tmp_path)]
    assert main([*argv, QUICK.id, "--total-timesteps", "128"]) == 0
    (run,) = (path.name for path in tmp_path.iterdir() if path.is_dir())
    assert main([*argv, "--resume", run, "--total-timesteps", "256"]) == 0
    assert main([*argv, "--resume", run, "--total-timesteps", "384", "--set", "gamma=0.5"]) == 2
    assert "add --allow-inexact" in capsys.readouterr().err
    assert main([*argv, "--resume", run, "--budget", "384", "--set", "gamma=0.5", "--allow-inexact"]) == 0
    assert main([*argv, "--from", run, "--seed", "3"]) == 0
    (new,) = (path.name for path in tmp_path.iterdir() if "-s3-" in path.name)
    capsys.readouterr()
    assert main(["runs", "show", run, "--out", str(tmp_path)]) == 0
    assert "at step 256: learner.gamma from 0.99 to 0.5" in capsys.readouterr().out
    assert main(["runs", "show", new, "--out", str(tmp_path)]) == 0
    assert f"begun from   {tmp_path / run} at step " in capsys.readouterr().out


def test_any_estimator_and_any_algorithm_on_any_data_has_a_name(asked: list[Any], tmp_path: Path) -> None:
    argv = ["train", "--data", "iris", "--quiet", "--out", str(tmp_path)]
    assert main([*argv, "--estimator", "RandomForestClassifier", "--set", "n_estimators=7"]) == 0
    assert main([*argv, "--algo", "mlp"]) == 0
    assert [recipe for recipe, _, _ in asked] == ["iris/randomforestclassifier", "iris/mlp"]
    assert asked[0][1] == {"n_estimators": "7"}


def test_an_estimator_is_trained_evaluated_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path)]
    for name in ("GaussianNB", "RandomForestClassifier"):
        argv = ["train", "--estimator", name, "--data", "iris", "--quiet", "--no-plots", "--json", *out]
        assert main(argv) == 0
    run = json.loads(capsys.readouterr().out.splitlines()[-1])["run"]
    assert main(["eval", run, "--json", *out]) == 0
    assert json.loads(capsys.readouterr().out)["score"] > 0.85
    assert main(["eval", run, "--split", "5-fold", "--json", *out]) == 0
    assert json.loads(capsys.readouterr().out)["score"] > 0.9
