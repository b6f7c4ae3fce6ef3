"""What the Trainer does where a training breaks off: a world misbehaves, weights are lost, a signal comes."""

import math
import os
import signal
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from coin import Coin
from gymnasium import spaces
from torch import nn

from palestra.engine.settings import TrainSettings
from palestra.engine.signals import give_up_if_asked
from palestra.engine.soundness import Diverged
from palestra.engine.trainer import Trainer
from palestra.engine.training import TrainResult
from palestra.envs.misbehaviour import Misbehaviour
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.measure import Evaluation, Measure, Metrics
from palestra.runs import checkpoints
from palestra.runs.codec import encode
from palestra.runs.series import read_rows
from palestra.runs.store import Run


def make_run(folder: Path) -> Run:
    return Run.create(folder, "toss", "coin", 0, {})


class Failing(gym.Env[Any, Any]):
    """Raises in one step of the process, if it is told to, and never again."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,), np.float32), spaces.Discrete(2)
    left = math.inf
    error = ValueError("lost contact")

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.uniform(-1, 1, 2).astype(np.float32), {}

    def step(self, action: Any) -> Any:
        Failing.left -= 1
        if Failing.left == 0:
            raise Failing.error
        self.steps += 1
        return self.np_random.uniform(-1, 1, 2).astype(np.float32), float(action), self.steps == 9, False, {}


gym.register("test/Failing-v0", entry_point=Failing)


def ppo() -> PPO:
    return PPO(World("test/Failing-v0", 2), PPOConfig(num_steps=16, minibatch_size=16, num_epochs=1), seed=0)


@pytest.mark.parametrize("at", [1, 200])
def test_the_last_whole_step_is_saved_before_a_misbehaviour_is_told(tmp_path: Path, at: int) -> None:
    settings = TrainSettings(budget=320, eval_every=0)
    Failing.left = at
    with make_run(tmp_path) as run:
        with pytest.raises(Misbehaviour, match=r"'test/Failing-v0', copy .*: step\(\) raised ValueError") as caught:
            Trainer(ppo(), settings, run).run()
        whole = (at - 1) // 32 * 32
        assert f"{whole} env steps are saved; go on with: palestra train --resume {run.path}" in str(caught.value)
        told = caught.value.__cause__
        assert isinstance(told, Misbehaviour)
        assert told.__cause__ is Failing.error
        assert run.manifest["steps"] == whole
        assert checkpoints.steps(run.checkpoints)[-1] == whole
        again = Trainer(ppo(), settings, run)
        (note,) = again.resume()
        assert note == "not exact: 2 of 2 environments cannot be restored and began a new episode"
        assert again.learner.clock == whole
        assert again.run().steps == 320


def test_a_misbehaviour_in_an_evaluation_leaves_the_training_exact(tmp_path: Path) -> None:
    settings = TrainSettings(budget=96, eval_every=64, eval_count=3)
    Failing.left = math.inf
    with make_run(tmp_path / "whole") as run:
        learner = ppo()
        Trainer(learner, settings, run).run()
        expected = (str(encode(learner.state_dict())), sorted(read_rows(run.metrics_path)))
    Failing.left = 64 + 5
    with make_run(tmp_path / "broken") as run:
        with pytest.raises(Misbehaviour, match="64 env steps are saved"):
            Trainer(ppo(), settings, run).run()
        learner = ppo()
        again = Trainer(learner, settings, run)
        assert again.resume() == []
        again.run()
        assert (str(encode(learner.state_dict())), sorted(read_rows(run.metrics_path))) == expected


class Watched(Coin):
    """Is told to stop within the evaluation at some clock, once."""

    def __init__(self, at: int | None = None) -> None:
        super().__init__()
        self.at, self.evaluated = at, list[int]()

    def measured(self, measure: Measure) -> Evaluation:
        if self.clock == self.at:
            os.kill(os.getpid(), signal.SIGTERM)
        give_up_if_asked()
        self.evaluated.append(self.clock)
        score = float(self.clock)
        return Evaluation(score, torch.tensor([score]), {"eval/score": score})


def outcome(trainer: Trainer) -> tuple[TrainResult, Any]:
    result = trainer.run()
    run = trainer.run_record
    assert run is not None
    found = checkpoints.load_latest(run.checkpoints)
    state = (str(encode(found.state)), found.info["best_step"], found.info["best_score"])
    return result, (state, sorted(read_rows(run.metrics_path)), checkpoints.steps(run.checkpoints))


@pytest.mark.parametrize("at", [24, 80, 88], ids=["on the way", "as the last one in time", "at the end"])
def test_a_given_up_evaluation_is_made_good_bit_for_bit(tmp_path: Path, at: int) -> None:
    settings = TrainSettings(budget=88, eval_every=20, log_every=16)
    with make_run(tmp_path / "whole") as run:
        whole, expected = outcome(Trainer(Watched(), settings, run))
    with make_run(tmp_path / "parted") as run:
        stopped = Trainer(Watched(at), settings, run).run()
        assert (stopped.ending, stopped.steps, stopped.signal) == ("interrupted", at, signal.SIGTERM)
        learner = Watched()
        again = Trainer(learner, settings, run)
        assert again.resume() == []
        result, found = outcome(again)
        assert learner.evaluated == [clock for clock in (24, 40, 64, 80, 88) if clock >= at]
        assert found == expected
        assert (result.ending, result.metrics, result.best_step) == ("finished", whole.metrics, whole.best_step)


def test_an_evaluation_made_good_and_killed_before_it_was_saved_is_made_good_again(tmp_path: Path) -> None:
    settings = TrainSettings(budget=88, eval_every=20)
    with make_run(tmp_path) as run:
        Trainer(Watched(24), settings, run).run()
        run.metrics.add(24, {"eval/score": 24.0})
        run.metrics.commit()
        again = Trainer(Watched(), settings, run)
        again.resume()
        again.run()
        assert [step for step, name, _ in read_rows(run.metrics_path) if name == "eval/score"] == [24, 40, 64, 80, 88]


class Losing(Coin):
    """Its one weight is lost at a clock, and what it reports with it."""

    saves = ("net",)

    def __init__(self, at: int, *, lost: bool = True) -> None:
        super().__init__()
        self.at, self.lost, self.net = at, lost, nn.Linear(1, 1)

    def step(self) -> Metrics:
        metrics = super().step()
        if self.clock < self.at:
            return {**metrics, "train/loss": 1.0}
        if self.lost:
            nn.init.constant_(self.net.weight, math.nan)
        return {**metrics, "train/loss": math.nan}


def test_lost_weights_end_a_training_and_are_not_saved(tmp_path: Path) -> None:
    settings = TrainSettings(budget=80, log_every=16, checkpoint_every=0)
    with make_run(tmp_path) as run:
        with pytest.raises(Diverged, match=r"coin has diverged by 40 .*net.weight are not finite \(train/loss nan\)"):
            Trainer(Losing(40), settings, run).run()
        assert checkpoints.steps(run.checkpoints) == [24, 32]
        assert run.manifest["steps"] == 40
    with pytest.raises(Diverged, match="no checkpoint"):
        Trainer(Losing(40), TrainSettings(budget=80)).run()


def test_a_figure_that_is_nan_while_the_weights_are_whole_is_a_figure() -> None:
    assert Trainer(Losing(40, lost=False), TrainSettings(budget=80, log_every=16)).run().ending == "finished"


def test_a_world_is_not_blamed_for_the_actions_of_lost_weights(tmp_path: Path) -> None:
    Failing.left = 70
    learner = ppo()
    nn.init.constant_(next(learner.modules.parameters()), math.nan)
    with make_run(tmp_path) as run, pytest.raises(Diverged, match="ppo has diverged"):
        Trainer(learner, TrainSettings(budget=320, log_every=10**6), run).run()


def test_what_is_left_out_of_an_evaluation_is_left_out_of_the_last_row() -> None:
    class Cutting(Watched):
        def measured(self, measure: Measure) -> Evaluation:
            found = super().measured(measure)
            return Evaluation(found.score, found.samples, found.metrics | ({"eval/cut": 1} if self.clock < 50 else {}))

    assert "eval/cut" in Trainer(Cutting(), TrainSettings(budget=40, eval_every=20)).run().metrics
    assert "eval/cut" not in Trainer(Cutting(), TrainSettings(budget=80, eval_every=20)).run().metrics
