"""``palestra eval`` of what does not end, and of what is no number any more."""

import json
import math
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.cli import eval as command
from palestra.cli.main import main
from palestra.engine.agent import Actor
from palestra.envs.world import World
from palestra.measure import Evaluation, Measure
from palestra.policies.random import Random
from palestra.trials import measuring


class Endless(gym.Env):
    """Pays one for each step, for ever."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,), np.float32), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: object = None) -> tuple[np.ndarray, dict[str, object]]:
        return np.zeros(2, np.float32), {}

    def step(self, action: object) -> tuple[np.ndarray, float, bool, bool, dict[str, object]]:
        return np.zeros(2, np.float32), 1.0, False, False, {}


gym.register("test/Endless-v0", entry_point=Endless)


def test_what_was_cut_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.command.__doc__
    train = "train --algo ppo --env-id test/Endless-v0 --total-timesteps 64 --num-envs 2 --set num_steps=32 --no-plots"
    argv = [*train.split(), "--set", "eval_max_steps=20", "--eval-every", "64", "--eval-count", "3"]
    assert main([*argv, "--out", str(tmp_path)]) == 0
    assert "eval/return_mean 20  (3 episodes cut)" in capsys.readouterr().out
    (run,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert main(["runs", "ls", "--out", str(tmp_path)]) == 0
    assert "eval/return_mean 20 (3 cut)" in capsys.readouterr().out
    assert main(["eval", str(run), "--episodes", "4"]) == 0  # with the limit of the training
    assert "cut          4 of them" in capsys.readouterr().out
    assert main(["eval", str(run), "--episodes", "4", "--max-steps", "7", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["cut"], printed["length_mean"], printed["mean"]) == (4, 7, 7)


def test_a_score_that_is_no_number_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Actor(Random, World("CartPole-v1")).save(tmp_path / "saved")

    def measured(self: Actor, measure: Measure) -> Evaluation:
        return Evaluation(math.nan, torch.tensor([math.nan]), {"eval/return_mean": math.nan})

    monkeypatch.setattr(Actor, "measured", measured)
    assert measuring.judge(folder).evaluation.score != 0
    for more in ([], ["--json"]):
        assert main(["eval", str(folder), *more]) == 1
        said = capsys.readouterr()
        assert "its eval/return_mean is nan; expected a number" in said.err
        assert not more or json.loads(said.out)["status"] == 1
