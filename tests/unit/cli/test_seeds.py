"""``palestra train ... --seeds N``: a line each, what they come to, a picture, and a status."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quick import QUICK

from palestra.cli.main import main
from palestra.cli.seeds import train_them
from palestra.recipes.registry import RECIPES
from palestra.trials import seeds, verify
from palestra.trials.trial import Result, Trial, attempt


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried in this process in place of others."""

    def tried(waiting: Any, *_: Any) -> Iterator[tuple[Trial, Result]]:
        for trial, folder in waiting:
            yield trial, attempt(trial, folder)

    monkeypatch.setattr(seeds, "tried", tried)
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)


def test_any_training_has_several_seeds(tmp_path: Path, here: None, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--set", "num_steps=16", "--set", "minibatch_size=32", "--num-envs", "2", "--set", "hidden_sizes=4"]
    argv = ["train", "--algo", "ppo", "--env-id", "CartPole-v1", "--budget", "64", *small, "--out", str(tmp_path)]
    assert main([*argv, "--seeds", "2", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "cartpole-v1/ppo  seed 3" in out
    assert "cartpole-v1/ppo  seed 4" in out
    assert (tmp_path / "cartpole-v1-ppo-s3-to-s4.png").is_file()
    assert main([*argv, "--seeds", "2", "--set", "seed=3", "--json", "--no-plots"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(trial["seed"], trial["reused"]) for trial in printed["trials"]] == [(3, True), (4, True)]
    assert len(printed["runs"]) == 2
    assert printed["plot"] is None


def test_a_claim_that_one_does_not_reach_is_status_1(tmp_path: Path, here: None) -> None:
    argv = ["train", QUICK.id, "--seeds", "1", "--quiet", "--no-plots", "--out", str(tmp_path)]
    assert main(argv) == 1
    assert main([*argv, "--set", "num_epochs=2"]) == 0  # of which nothing is claimed


def test_a_stop_is_128_and_its_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise verify.Stopped(15)

    monkeypatch.setattr(seeds, "train_seeds", stopped)
    words = {"jobs": 1, "together": False, "out": tmp_path, "plots": False, "quiet": True, "json": False}
    assert train_them(QUICK, {}, seeds=2, **words) == 143
