"""Train and resume: an outcome that says what the run on disk says."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import cast
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from quick import QUICK

from palestra.datasets.dataset import Dataset
from palestra.engine.callbacks import Callback
from palestra.engine.trainer import Trainer
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS
from palestra.runs.store import Run
from palestra.trials import train as training
from palestra.trials.plan import Plan, resolve
from palestra.trials.train import resume, train


def test_a_run_keeps_its_plan_and_what_became_of_it(tmp_path: Path) -> None:
    outcome = train(QUICK, {"learner.gamma": 0.9}, out=tmp_path, seed=3, budget=128)
    run = Run.open(outcome.run, tmp_path)
    assert (outcome.ending, outcome.steps, outcome.notes, outcome.plots) == ("finished", 128, [], [])
    assert outcome.run in outcome._repr_html_()
    assert Plan.from_json(run.config) == resolve(QUICK, {"gamma": 0.9, "seed": 3, "budget": 128})
    assert (run.manifest["status"], run.manifest["steps"], run.manifest["seed"]) == ("finished", 128, 3)
    assert outcome.claim is None  # another discount has promised nothing


def test_the_claim_is_tried_on_the_best_checkpoint_unless_nobody_wants_it(tmp_path: Path, quick_run: Path) -> None:
    claim = json.loads((quick_run / "manifest.json").read_text())["claim"]
    assert (claim["threshold"], claim["count"], claim["reached"]) == (500.1, 5, False)
    assert 5 < claim["value"] <= 500
    assert train(QUICK, out=tmp_path, seed=7, claim=False).claim is None


def test_resuming_what_is_finished_comes_to_the_same(tmp_path: Path) -> None:
    first = train(QUICK, out=tmp_path, seed=1, budget=128)
    again = resume(first.run, out=tmp_path)
    assert dataclasses.replace(again, seconds=first.seconds) == first
    assert Run.open(first.run, tmp_path).manifest["resumes"] == [{"step": 128, "notes": []}]


def test_what_cannot_be_filmed_is_refused_before_it_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "following", lambda *_, **__: pytest.fail("it was trained"))
    blind = dataclasses.replace(QUICK, env="probe/Counting")
    with pytest.raises(UsageError, match="expected a Gymnasium id"):
        train(blind, out=tmp_path, video=True)


class Counting(Callback):
    """Counts the steps, and stops the training after so many."""

    saves = ("steps",)

    def __init__(self, stop_at: int = 0) -> None:
        self.steps, self.stop_at = 0, stop_at

    def on_step(self, trainer: Trainer) -> dict[str, float] | bool:
        self.steps += 1
        return {"mine/steps": self.steps} if self.steps != self.stop_at else False


def test_callbacks_watch_a_training_and_go_on_with_its_run(tmp_path: Path) -> None:
    outcome = train(QUICK, out=tmp_path, budget=256, claim=False, callbacks=Counting(stop_at=2))
    assert outcome.ending == "stopped"
    callback = Counting()
    again = resume(outcome.run, out=tmp_path, callbacks=[callback])
    assert (again.notes, callback.steps) == ([], 2)
    (note,) = resume(outcome.run, out=tmp_path).notes
    assert note.startswith("not exact: callbacks were Counting and are none")
    assert not Run.open(outcome.run, tmp_path).manifest["exact"]


class Willful(gym.Env[Any, Any]):
    """Ignores its seed."""

    observation_space, action_space = spaces.Box(-1.0, 1.0, (2,), np.float32), spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.random.default_rng().uniform(-1, 1, 2).astype(np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(2, np.float32), 1.0, True, False, {}


gym.register("test/Willful-v0", entry_point=Willful)


def test_a_world_that_ignores_its_seed_is_named_before_the_training(tmp_path: Path) -> None:
    recipe = dataclasses.replace(QUICK, env="test/Willful-v0", eval_count=1)
    with pytest.warns(UserWarning, match=r"'test/Willful-v0', step 0: reset\(seed=1\) gave two different observations"):
        train(recipe, out=tmp_path, claim=False)


def test_a_run_notes_where_its_data_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in cast.TOYS.items():
        monkeypatch.setitem(LEARNERS, name, place)
    recipe = cast.RECIPES["logistic-regression"]
    assert "data" not in Run.open(train(recipe, out=tmp_path, budget=32).run, tmp_path).manifest
    monkeypatch.setattr(Dataset, "origin", lambda _: {"stand_in": True})
    assert Run.open(train(recipe, out=tmp_path, budget=32).run, tmp_path).manifest["data"] == {"stand_in": True}
