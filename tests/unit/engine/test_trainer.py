"""The Trainer with a toy learner: when it logs and evaluates, what it keeps, and how it ends."""

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from coin import Coin

from palestra.engine import seeding
from palestra.engine.callbacks import Callback
from palestra.engine.signals import HOLD, StopRequest
from palestra.engine.trainer import Trainer, TrainSettings
from palestra.engine.training import TrainResult
from palestra.errors import UsageError
from palestra.measure import Evaluation, Measure, Metrics
from palestra.runs import checkpoints
from palestra.runs.codec import encode
from palestra.runs.series import read_rows, read_series
from palestra.runs.store import Run


class Scripted(Coin):
    """Scores as told, by clock, and remembers how it was asked."""

    def __init__(self, score: Callable[[int], float]) -> None:
        super().__init__()
        self.score, self.asked = score, []

    def measured(self, measure: Measure) -> Evaluation:
        self.asked.append((self.clock, measure.count, measure.seed))
        score = self.score(self.clock)
        return Evaluation(score, torch.tensor([score]), {"eval/score": score})


@pytest.fixture
def run(tmp_path: Path) -> Run:
    with Run.create(tmp_path, "toss", "coin", 0, {}) as run:
        yield run


def train(learner: Coin, run: Run | None = None, **settings: Any) -> TrainResult:
    return Trainer(learner, TrainSettings(**{"budget": 80, **settings}), run).run()


def test_it_steps_to_the_budget_and_no_further() -> None:
    learner = Coin()
    result = train(learner, budget=81)
    assert (result.ending, result.steps, learner.clock) == ("finished", 88, 88)
    assert (result.best_score, result.best_step, result.signal) == (None, None, None)
    assert result.metrics["train/budget"] == 81  # set before the first step, for schedules


def test_rows_are_means_since_the_last_row_at_the_clocks_asked_for(run: Run) -> None:
    reference = Coin()
    flips = [reference.step()["train/heads"] for _ in range(11)]
    train(Coin(), run, budget=88, log_every=20)
    steps, values = read_series(run.metrics_path, "train/heads")
    # Steps end at 8, 16, 24, ...: the first at or beyond 20, 40, 60, 80, and what is left at the end.
    assert steps.tolist() == [24, 40, 64, 80, 88]
    rows = [flips[0:3], flips[3:5], flips[5:8], flips[8:10], flips[10:11]]
    assert values.tolist() == pytest.approx([sum(row) / len(row) for row in rows])


def test_it_stands_still_after_the_step_with_every_row_on_the_disk(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stood: list[tuple[int, list[int]]] = []

    def stand_still(stop: StopRequest) -> None:
        stop.hold = False
        stood.append((learner.clock, read_series(run.metrics_path, "train/heads")[0].tolist()))

    class Asked(Coin):
        def step(self) -> Metrics:
            if self.clock in (8, 72):
                os.kill(os.getpid(), HOLD)
            return super().step()

    monkeypatch.setattr(StopRequest, "stand_still", stand_still)
    learner = Asked()
    result = train(learner, run, log_every=8)
    assert stood == [(16, [8, 16])], "and not where there is nothing to go on with"
    assert (result.ending, result.steps) == ("finished", 80)
    assert read_rows(run.metrics_path) == read_rows(recorded(run.path.parent, log_every=8))


def recorded(folder: Path, **settings: Any) -> Path:
    """The numbers of a training that nobody held."""
    with Run.create(folder, "toss", "coin", 0, {}) as other:
        train(Coin(), other, **settings)
        return other.metrics_path


def test_about_five_hundred_rows_by_default(run: Run) -> None:
    train(Coin(), run, budget=8 * 1_500)
    steps, _ = read_series(run.metrics_path, "train/heads")
    assert 400 <= len(steps) <= 501
    assert steps[-1] == 8 * 1_500


def test_a_metric_that_comes_now_and_then_is_averaged_over_its_own_times(run: Run) -> None:
    class Sometimes(Coin):
        def step(self) -> Metrics:
            return super().step() | ({"train/rare": float(self.clock)} if self.clock % 16 == 0 else {})

    train(Sometimes(), run, budget=64, log_every=32)
    steps, values = read_series(run.metrics_path, "train/rare")
    assert (steps.tolist(), values.tolist()) == ([32, 64], [(16 + 32) / 2, (48 + 64) / 2])


def test_it_evaluates_at_the_clocks_asked_for_and_at_the_end_with_seeds_of_their_own(run: Run) -> None:
    learner = Scripted(lambda clock: clock / 100)
    result = train(learner, run, budget=88, eval_every=20, eval_count=7, seed=5)
    clocks = [24, 40, 64, 80, 88]
    assert learner.asked == [(c, 7, seeding.derive(5, "evaluation", c)) for c in clocks]
    assert read_series(run.metrics_path, "eval/score")[0].tolist() == clocks
    assert result.metrics["eval/score"] == 0.88


def test_without_evaluation_a_step_beyond_the_budget_is_no_evaluation() -> None:
    learner = Scripted(lambda clock: 0.0)
    train(learner, budget=83, eval_every=0)
    assert (learner.asked, learner.clock) == ([], 88)


def test_the_last_two_checkpoints_and_the_best_are_kept(run: Run) -> None:
    result = train(Scripted(lambda clock: -abs(clock - 32)), run, eval_every=8, checkpoint_every=0)
    assert (result.best_score, result.best_step) == (0, 32)
    assert checkpoints.steps(run.checkpoints) == [32, 72, 80]
    best = checkpoints.load(checkpoints.find(run.checkpoints, 32))
    assert best.state["learner"]["clock"] == 32
    last = checkpoints.load_latest(run.checkpoints)
    assert (last.info["best_step"], last.info["best_score"], last.info["learner"]) == (32, 0, "coin")


def test_of_two_equal_scores_the_first_is_the_best() -> None:
    assert train(Scripted(lambda clock: 1.0), eval_every=8).best_step == 8


def test_a_target_stops_it_early(run: Run) -> None:
    result = train(Scripted(lambda clock: float(clock)), run, eval_every=10, target=45.0)
    assert (result.ending, result.steps, result.best_score) == ("target", 56, 56.0)
    assert checkpoints.steps(run.checkpoints)[-1] == 56


def test_a_target_that_is_not_reached_uses_the_whole_budget() -> None:
    assert train(Scripted(lambda clock: float(clock)), eval_every=10, target=81.0).ending == "finished"


def test_evaluation_changes_nothing_that_is_learned() -> None:
    plain, evaluated = Coin(), Coin()
    train(plain)
    train(evaluated, eval_every=8)
    assert str(encode(plain.state_dict())) == str(encode(evaluated.state_dict()))


def test_without_a_run_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    train(Coin(), eval_every=16, checkpoint_every=0)
    assert list(tmp_path.iterdir()) == []


class Interrupted(Coin):
    """Is sent a signal in the middle of the step that ends at clock 40."""

    def step(self) -> Metrics:
        if self.clock == 32:
            os.kill(os.getpid(), signal.SIGINT)
        return super().step()


def test_ctrl_c_finishes_the_step_saves_and_says_so(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    result = train(Interrupted(), run, checkpoint_every=1_000)
    assert (result.ending, result.steps, result.signal) == ("interrupted", 40, signal.SIGINT)
    assert checkpoints.load_latest(run.checkpoints).state["learner"]["clock"] == 40
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopping after this step and saving" in capfd.readouterr().err


def test_without_a_run_there_is_nothing_to_save_and_ctrl_c_is_an_exception() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins with it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            train(Interrupted())
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_in_a_step_reaches_the_caller_and_restores_the_signals(run: Run) -> None:
    class Broken(Coin):
        def step(self) -> Metrics:
            raise ZeroDivisionError

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        train(Broken(), run)
    assert signal.getsignal(signal.SIGTERM) is before


def test_wall_clock_figures_stay_out_of_the_reproducible_rows(run: Run) -> None:
    train(Coin(), run)
    run.metrics.commit()
    assert {name.split("/")[0] for _, name, _ in read_rows(run.metrics_path)} == {"train"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"budget": 0}, "budget=0; expected a positive number"),
        ({"eval_every": -1}, "eval_every=-1; expected 0 or more"),
        ({"eval_count": -1}, "eval_count=-1; expected 0 or more"),
        ({"log_every": -5}, "log_every=-5"),
        ({"checkpoint_every": -0.1}, "checkpoint_every=-0.1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainSettings(**{"budget": 10, **settings})


def test_a_learner_without_an_evaluation_says_how_to_train_it() -> None:
    class Silent(Coin):
        measured = Coin.__mro__[1].measured

    with pytest.raises(TypeError, match="Silent has no evaluation; train it with eval_every=0"):
        train(Silent(), eval_every=8)


def test_a_hook_after_an_evaluation_may_stop_the_training(run: Run) -> None:
    told = []

    class StopAt24(Callback):
        def on_evaluation(self, trainer: Trainer, evaluation: Evaluation) -> bool:
            told.append((trainer.learner.clock, evaluation.score))
            return trainer.learner.clock < 24

    learner = Scripted(float)
    result = Trainer(learner, TrainSettings(budget=80, eval_every=8), run, StopAt24()).run()
    assert told == [(8, 8.0), (16, 16.0), (24, 24.0)]
    assert (result.ending, result.steps) == ("stopped", 24)


def test_where_lower_is_better_the_lowest_is_the_best_and_reaches_the_target() -> None:
    class Falling(Scripted):
        direction = "down"

    result = train(Falling(lambda clock: abs(clock - 32)), eval_every=8)
    assert (result.best_score, result.best_step) == (0, 32)
    assert train(Falling(lambda clock: 80 - clock), eval_every=8, target=50).steps == 32


def test_a_score_that_is_no_number_is_never_the_best_and_reaches_nothing() -> None:
    result = train(Scripted(lambda clock: math.nan if clock < 40 else 1.0), eval_every=8, target=2.0)
    assert (result.best_score, result.best_step, result.ending) == (1.0, 40, "finished")
    assert train(Scripted(lambda clock: math.nan), eval_every=8, target=0.0).best_step is None


def test_rows_are_there_for_others_before_the_next_checkpoint(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palestra.engine.trainer.SECONDS_BETWEEN_COMMITS", 0.0)
    seen: list[list[int]] = []

    class Reader(Coin):
        def step(self) -> Metrics:
            if self.clock in (32, 64):
                seen.append(read_series(run.metrics_path, "train/heads")[0].tolist())
            return super().step()

    train(Reader(), run, budget=80, log_every=16, checkpoint_every=1000.0)
    assert seen == [[16], [16, 32, 48]], "all but the last row, to which an evaluation may still add"
    assert read_series(run.metrics_path, "train/heads")[0].tolist() == [16, 32, 48, 64, 80]
