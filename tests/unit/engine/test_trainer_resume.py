"""A training that was stopped at any point and resumed is, bit for bit, one that was never stopped."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from coin import Coin

from palestra.engine.trainer import Trainer, TrainSettings
from palestra.engine.training import TrainResult
from palestra.errors import UsageError
from palestra.measure import Metrics
from palestra.runs import checkpoints
from palestra.runs.codec import encode
from palestra.runs.series import read_rows
from palestra.runs.store import Run

SETTINGS: dict[str, Any] = {"tensorboard": False, "budget": 88, "eval_every": 24, "eval_count": 5, "log_every": 16}


class Crash(Exception):
    """The end of the process, as far as the training can tell: nothing is saved on the way out."""


class Stopped(Coin):
    """Crashes, or is sent a signal, in the step that begins at a clock."""

    def __init__(self, at: int, how: str) -> None:
        super().__init__()
        self.at, self.how = at, how

    def step(self) -> Metrics:
        if self.clock == self.at and self.how == "crash":
            raise Crash
        if self.clock == self.at:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().step()


def train(root: Path, learner: Coin, **settings: Any) -> tuple[Path, TrainResult | None]:
    with Run.create(root, "toss", "coin", 0, {}) as run:
        try:
            return run.path, Trainer(learner, TrainSettings(**SETTINGS | settings), run).run()
        except Crash:
            return run.path, None


def resume(path: Path, *, seed: int = 99, **settings: Any) -> tuple[TrainResult, list[str]]:
    """Continue with a learner of another seed: only what is restored can make it the same."""
    with Run.open(path, path.parent, write=True) as run:
        trainer = Trainer(Coin(seed), TrainSettings(**SETTINGS | settings), run)
        notes = trainer.resume()
        return trainer.run(), notes


def final_state(path: Path) -> str:
    loaded = checkpoints.load_latest(path / "checkpoints")
    return str((loaded.step, encode(loaded.state), {k: v for k, v in loaded.info.items() if k != "seconds"}))


@pytest.mark.parametrize("checkpoint_every", [0.0, 1_000.0], ids=["saved each step", "saved when best"])
@pytest.mark.parametrize("how", ["crash", "signal"])
@pytest.mark.parametrize("at", [16, 40, 80])
def test_resumed_is_uninterrupted(tmp_path: Path, at: int, how: str, checkpoint_every: float) -> None:
    whole, expected = train(tmp_path / "whole", Coin())
    path, stopped = train(tmp_path / "stopped", Stopped(at, how), checkpoint_every=checkpoint_every)
    assert (stopped is None) == (how == "crash")
    nothing_saved = how == "crash" and at == 16 and checkpoint_every > 0
    result, notes = resume(path, seed=0 if nothing_saved else 99, checkpoint_every=checkpoint_every)
    assert notes == (["no checkpoint yet: starting from the beginning"] if nothing_saved else [])
    assert expected is not None
    assert read_rows(path / "metrics.db") == read_rows(whole / "metrics.db")
    assert final_state(path) == final_state(whole)
    assert (result.ending, result.steps, result.metrics) == (expected.ending, expected.steps, expected.metrics)
    assert (result.best_score, result.best_step) == (expected.best_score, expected.best_step)


def test_a_run_stopped_twice_is_also_the_same(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "whole", Coin())
    path, _ = train(tmp_path / "stopped", Stopped(32, "signal"))
    with Run.open(path, path.parent, write=True) as run:
        trainer = Trainer(Stopped(64, "crash"), TrainSettings(**SETTINGS), run)
        trainer.resume()
        with pytest.raises(Crash):
            trainer.run()
    resume(path)
    assert read_rows(path / "metrics.db") == read_rows(whole / "metrics.db")
    assert final_state(path) == final_state(whole)


def test_metrics_and_checkpoint_of_a_finished_run_agree_so_resuming_it_changes_nothing(tmp_path: Path) -> None:
    # Saved each step, the last step's checkpoint is on disk before its last row and evaluation are.
    for name, settings in (("a", {"checkpoint_every": 0.0}), ("b", {"log_every": 85, "checkpoint_every": 0.0})):
        path, first = train(tmp_path / name, Coin(), **settings)
        rows, state = read_rows(path / "metrics.db"), final_state(path)
        kept = checkpoints.steps(path / "checkpoints")
        again, notes = resume(path, **settings)
        assert first is not None
        assert (again.steps, again.metrics, again.best_step, notes) == (88, first.metrics, first.best_step, [])
        assert read_rows(path / "metrics.db") == rows
        assert final_state(path) == state
        assert checkpoints.steps(path / "checkpoints") == kept


def test_a_target_already_reached_ends_a_resumed_run_at_once(tmp_path: Path) -> None:
    path, first = train(tmp_path, Coin(), target=-0.5)
    result, _ = resume(path, target=-0.5)
    assert first is not None
    assert first.ending == result.ending == "target"
    assert result.steps == first.steps


def test_a_damaged_checkpoint_is_passed_over_with_a_line(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "whole", Coin())
    path, _ = train(tmp_path / "stopped", Stopped(64, "crash"), checkpoint_every=0.0)
    newest = checkpoints.find(path / "checkpoints", 64)
    (newest / "state.json").write_text("{}")
    _, notes = resume(path)
    assert len(notes) == 1
    assert "step-000000000064 is damaged" in notes[0]
    assert read_rows(path / "metrics.db") == read_rows(whole / "metrics.db")
    assert final_state(path) == final_state(whole)


def test_a_checkpoint_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    class Other(Coin):
        name = "other"

    path, _ = train(tmp_path, Coin())
    with (
        Run.open(path, tmp_path, write=True) as run,
        pytest.raises(UsageError, match="was made by coin, and this is other"),
    ):
        Trainer(Other(), TrainSettings(**SETTINGS), run).resume()
