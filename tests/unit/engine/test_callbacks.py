"""Callbacks see a training, add to what it reports and may stop it; patience and targets on any figure do so too."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import grasp
import numpy as np
import pytest
import torch
from coin import Coin

import palestra
from palestra.engine.callbacks import Callback
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.engine.training import TrainResult
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.measure import Evaluation, Measure
from palestra.runs.series import read_rows, read_series
from palestra.runs.store import Run

SETTINGS: dict[str, Any] = {"tensorboard": False, "budget": 80, "eval_every": 16, "eval_count": 5, "log_every": 16}


class Counting(Callback):
    """Counts what it is told, and may stop when it has counted so far."""

    saves = ("steps",)

    def __init__(self, stop_at: int = 0) -> None:
        self.steps, self.stop_at, self.evaluated, self.ended = 0, stop_at, [], 0

    def on_step(self, trainer: Trainer) -> dict[str, Any] | bool:
        self.steps += 1
        return {"mine/steps": torch.tensor(self.steps)} if self.steps != self.stop_at else False

    def on_evaluation(self, trainer: Trainer, evaluation: Evaluation) -> dict[str, Any]:
        self.evaluated.append((trainer.learner.clock, evaluation.score, trainer.best_score))
        return {"mine/evaluations": np.float32(len(self.evaluated))}

    def on_end(self, trainer: Trainer) -> dict[str, Any]:
        self.ended += 1
        return {"mine/end": trainer.learner.clock}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    with Run.create(tmp_path, "toss", "coin", 0, {}) as run:
        yield run


def train(learner: Any, callbacks: Any = (), run: Run | None = None, **settings: Any) -> TrainResult:
    return Trainer(learner, TrainSettings(**SETTINGS | settings), run, callbacks).run()


def test_what_callbacks_say_stands_beside_what_the_training_says(run: Run) -> None:
    callback = Counting()
    result = train(Coin(), callback, run)
    assert (callback.steps, callback.ended, len(callback.evaluated)) == (10, 1, 5)
    assert [best for _, _, best in callback.evaluated] == [
        max(score for _, score, _ in callback.evaluated[: i + 1]) for i in range(5)
    ]
    assert result.metrics["mine/end"] == 80
    for name, steps, values in (
        ("mine/steps", [16, 32, 48, 64, 80], [1.5, 3.5, 5.5, 7.5, 9.5]),  # means since the row before
        ("mine/evaluations", [16, 32, 48, 64, 80], [1, 2, 3, 4, 5]),
        ("mine/end", [80], [80]),
    ):
        found = read_series(run.metrics_path, name)
        assert (found[0].tolist(), found[1].tolist()) == (steps, values)


def test_a_callback_that_only_looks_changes_nothing(tmp_path: Path) -> None:
    rows = []
    for callbacks in ((), Callback(), [lambda trainer: None, lambda trainer: True]):
        with Run.create(tmp_path, "toss", "coin", 0, {}) as run:
            train(Coin(), callbacks, run)
            rows.append(read_rows(run.metrics_path))
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("how", ["method", "function", "numpy", "asked"])
def test_a_callback_may_stop_the_training(how: str) -> None:
    callback: Any = {
        "method": Counting(stop_at=3),
        "function": lambda trainer: trainer.learner.clock < 24,
        "numpy": lambda trainer: np.bool_(trainer.learner.clock < 24),
        "asked": lambda trainer: trainer.stop() if trainer.learner.clock == 24 else None,
    }[how]
    learner = Coin()
    result = train(learner, [callback, Callback()])
    assert (result.ending, result.steps) == ("stopped", 24)


def test_what_is_no_callback_or_no_number_or_anothers_name_is_refused() -> None:
    class Says(Callback):
        def __init__(self, **replies: Any) -> None:
            self.replies = replies

        def on_step(self, trainer: Trainer) -> Any:
            return self.replies.get("step")

        def on_evaluation(self, trainer: Trainer, evaluation: Evaluation) -> Any:
            return self.replies.get("evaluation")

    for callbacks, said in (
        (3, "callback 3; expected an object"),
        ([Says], "callback <class .*Says'>; expected an object"),
        (Says(step="x"), "Says.on_step returned 'x'; expected None, False to stop, or a dict of numbers"),
        (Says(step={"a": "x"}), "Says.on_step reports a='x'; expected a number"),
        (Says(step={"a": torch.zeros(2)}), r"Says.on_step reports a=tensor\(\[0., 0.\]\); expected a number"),
        (Says(step={"train/heads": 1}), "Says.on_step reports 'train/heads', as the training does"),
        (Says(evaluation={"eval/error": 1}), "Says.on_evaluation reports 'eval/error', as the training does"),
        (Says(step={"a": 1}, evaluation={"a": 1}), "Says.on_evaluation reports 'a', as Says.on_step does"),
        ([Says(step={"a": 1}), Says(step={"a": 1})], "Says.on_step reports 'a', as the training does"),
    ):
        with pytest.raises(UsageError, match=said):
            train(Coin(), callbacks)


class Crash(Exception):
    """The end of the process, as far as the training can tell."""


class Stopped(Coin):
    """Crashes, or is sent a signal, in the step that begins at clock 40."""

    how = ""

    def step(self) -> Any:
        if self.clock == 40 and self.how == "crash":
            raise Crash
        if self.clock == 40 and self.how == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
        return super().step()


class Hidden(Callback):
    """Remembers and does not say so."""

    def __init__(self) -> None:
        self.memory = 0


def broken_off(root: Path, how: str, callbacks: Any, **settings: Any) -> Path:
    learner = Stopped()
    learner.how = how
    with Run.create(root, "toss", "coin", 0, {}) as run:
        with suppress(Crash):
            train(learner, callbacks, run, checkpoint_every=0, **settings)
        return run.path


def resumed(path: Path, callbacks: Any, **settings: Any) -> tuple[list[str], TrainResult]:
    with Run.open(path, path.parent, write=True) as run:
        trainer = Trainer(Coin(9), TrainSettings(**SETTINGS | settings), run, callbacks)
        return trainer.resume(), trainer.run()


@pytest.mark.parametrize("how", ["crash", "signal"])
def test_a_callback_goes_on_with_the_run_exactly(tmp_path: Path, how: str) -> None:
    whole = broken_off(tmp_path, "", Counting())
    path = broken_off(tmp_path, how, Counting())
    callback = Counting()
    notes, result = resumed(path, callback)
    assert (notes, result.ending, callback.steps, callback.ended) == ([], "finished", 10, 1)
    steps = [row for row in read_rows(whole / "metrics.db") if row[1] != "mine/evaluations"]  # which it does not save
    assert [row for row in read_rows(path / "metrics.db") if row[1] != "mine/evaluations"] == steps


def test_a_resume_that_cannot_be_exact_says_so(tmp_path: Path) -> None:
    path = broken_off(tmp_path, "signal", [Hidden(), Callback()])
    (note,) = resumed(path, [Hidden(), Callback()])[0]
    assert note.startswith("not exact: callback Hidden saves no state")
    path = broken_off(tmp_path, "signal", [Hidden(), Callback()])
    (note,) = resumed(path, ())[0]
    assert note.startswith("not exact: callbacks were Hidden, Callback and are none")


def test_a_callback_may_store_itself(tmp_path: Path) -> None:
    class Storing(Callback):
        def __init__(self) -> None:
            self.seen = np.zeros(2)

        def on_step(self, trainer: Trainer) -> None:
            self.seen[0] += 1

        def state_dict(self) -> dict[str, Any]:
            return {"seen": self.seen}

        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.seen = state["seen"]

    path = broken_off(tmp_path, "signal", Storing())
    callback = Storing()
    assert resumed(path, callback)[0] == []
    assert callback.seen.tolist() == [10, 0]


def test_what_was_stopped_stays_so_when_it_is_resumed(tmp_path: Path) -> None:
    path = broken_off(tmp_path, "", Counting(stop_at=3))
    callback = Counting(stop_at=3)
    notes, result = resumed(path, callback)
    assert (notes, result.ending, result.steps, callback.ended) == ([], "stopped", 24, 0)


class Scripted(Coin):
    """Scores in the order of a list, and a figure beside them."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self.scores = scores

    def measured(self, measure: Measure) -> Evaluation:
        score = self.scores[self.clock // 8 - 1]
        return Evaluation(score, torch.tensor([score]), {"eval/score": score, "eval/cost": 10 - score})


def test_patience_counts_evaluations_without_a_better_one() -> None:
    scores = [1.0, 1.0, 2.0, 2.0, float("nan"), 1.9, 3.0, 3.0, 3.0, 3.0]
    result = train(Scripted(scores), eval_every=8, patience=3)
    assert (result.ending, result.steps, result.best_score) == ("stopped", 48, 2.0)
    assert train(Scripted(scores), eval_every=8, patience=4).ending == "finished"
    assert train(Scripted(scores), eval_every=8, patience=1).steps == 16
    with pytest.raises(UsageError, match="patience=1 with eval_every=0; expected eval_every=N"):
        TrainSettings(8, patience=1)


def test_patience_is_not_renewed_by_a_resume(tmp_path: Path) -> None:
    def path(how: str) -> Path:
        learner = Scripted([1.0] * 10)
        with Run.create(tmp_path, "toss", "coin", 0, {}) as run:
            settings = SETTINGS | {"eval_every": 8, "patience": 4, "checkpoint_every": 0}
            watched = [lambda trainer: os.kill(os.getpid(), signal.SIGTERM) if trainer.learner.clock == 24 else None]
            Trainer(learner, TrainSettings(**settings), run, watched if how else ()).run()
        return run.path

    cut = path("cut")
    with Run.open(cut, tmp_path, write=True) as run:
        settings = SETTINGS | {"eval_every": 8, "patience": 4, "checkpoint_every": 0}
        trainer = Trainer(Scripted([1.0] * 10), TrainSettings(**settings), run)
        trainer.resume()
        assert trainer.run().steps == 40
    assert read_rows(cut / "metrics.db") == read_rows(path("") / "metrics.db")


def test_a_target_may_be_of_any_figure_and_either_way() -> None:
    scores = [float(i) for i in range(1, 11)]
    target = {"eval_every": 8, "target_metric": "eval/cost"}
    result = train(Scripted(scores), **target, target=6.0, target_direction="down")
    assert (result.ending, result.steps) == ("target", 32)
    assert train(Scripted(scores), **target, target=9.0).steps == 8  # up, as the score
    with pytest.raises(UsageError, match="unknown target_metric 'eval/cots'; nearest: eval/cost"):
        train(Scripted(scores), eval_every=8, target_metric="eval/cots", target=1.0)
    with pytest.raises(UsageError, match="target_metric=eval/cost without a target; expected target=N too"):
        train(Scripted(scores), **target)
    with pytest.raises(UsageError, match="target_direction=up without target_metric"):
        train(Scripted(scores), eval_every=8, target=1.0, target_direction="up")


def test_a_target_may_be_of_what_the_environment_says() -> None:
    agent = palestra.PPO(World(grasp.ID, 8), palestra.PPOConfig(num_steps=32, minibatch_size=64, learning_rate=0.01))
    aim: dict[str, Any] = {"eval_every": 256, "eval_count": 30, "target": 0.99}
    result = Trainer(agent, TrainSettings(20_000, target_metric="env/is_success", **aim)).run()
    assert result.ending == "target"
    assert result.metrics["eval/is_success"] >= 0.99
    with pytest.warns(
        UserWarning, match="target on env/success, which the environment did not say; there are eval/drag"
    ):
        agent.learn(256, target_metric="env/success", **aim)
