"""Successive halving: its decisions are Optuna's, they are made once, and one that is ended ends."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from quick import QUICK

from palestra.errors import UsageError
from palestra.measure import Direction
from palestra.runs.journal import Journal
from palestra.runs.store import Run
from palestra.trials.sweep.halving import Halving, goes_on, rungs_of
from palestra.trials.trial import Trial, attempt, find_run

RECIPE = dataclasses.replace(QUICK, claim=None, budget=512, eval_every=128)


@pytest.mark.parametrize(
    ("score", "rung", "stays"),
    [
        (1.0, [1.0], True),
        (1.0, [1.0, 2.0], False),
        (2.0, [1.0, 2.0], True),
        (2.0, [1.0, 2.0, 3.0, 4.0, 5.0], False),  # one of five goes on
        (4.0, [1.0, 2.0, 3.0, 4.0, 5.0, 0.0], True),  # two of six
        (4.0, [4.0] * 6, True),  # equals go on together
        (math.nan, [1.0, math.nan], False),
    ],
)
def test_the_best_third_goes_on(score: float, rung: list[float], stays: bool) -> None:
    assert goes_on(score, rung, "up") is stays
    assert goes_on(-score, [-other for other in rung], "down") is stays


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_decisions_are_optunas(direction: Direction) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3, min_early_stopping_rate=0)
    study = optuna.create_study(pruner=pruner, direction="maximize" if direction == "up" else "minimize")
    rng = np.random.default_rng(0)
    rungs: dict[int, list[float]] = {0: [], 1: [], 2: []}
    ended = 0
    for _ in range(150):
        trial, went_on = study.ask(), True
        for rung in rungs:
            score = float(rng.integers(0, 40))
            rungs[rung].append(score)
            trial.report(score, 3**rung)
            went_on = goes_on(score, rungs[rung], direction)
            assert trial.should_prune() is not went_on
            if not went_on:
                ended += 1
                break
        study.tell(trial, 1.0 if went_on else None, state=None if went_on else optuna.trial.TrialState.PRUNED)
    assert ended > 50
    assert len(rungs[2]) > 3


def test_rungs_stand_at_evaluations() -> None:
    assert rungs_of(50_000, 4_096) == (4_096, 16_384)
    assert rungs_of(27_000, 1_000) == (1_000, 3_000, 9_000)
    assert rungs_of(1_000, 100) == (100, 300)
    assert rungs_of(900, 300) == (300,)
    for every, said in ((400, "an evaluation every 400; expected at least 3 evaluations"), (0, "with none")):
        with pytest.raises(UsageError, match=said):
            rungs_of(900, every)


def rivals(folder: Path, score: float) -> Path:
    """A journal in which others came to the first rung with this score."""
    path = folder / "journal.db"
    with Journal(path) as journal:
        for number in range(1, 7):
            journal.decide(number, 0, 0, 128, score, lambda scores: True)
    return path


def test_one_that_is_not_among_the_best_ends_at_its_rung_and_only_once(tmp_path: Path) -> None:
    path = rivals(tmp_path, 501.0)
    trial = Trial(RECIPE, 0, number=0, halving=Halving(str(path), 0, (128, 256)))
    result = attempt(trial, tmp_path / "runs")
    assert (result.pruned, result.steps) == (128, 128)
    run = Run.open(Path(str(result.run)), tmp_path)
    assert (run.status, run.manifest["ending"], run.manifest["headline"]["value"]) == (
        "finished",
        "stopped",
        result.value,
    )
    assert attempt(trial, tmp_path / "runs").run == result.run
    with Journal(path) as journal:
        assert [each.goes_on for each in journal.decisions()] == [True] * 6 + [False]


def test_one_that_is_among_the_best_goes_the_whole_way_as_if_alone(tmp_path: Path) -> None:
    path = rivals(tmp_path, -1.0)
    result = attempt(Trial(RECIPE, 0, number=0, halving=Halving(str(path), 0, (128, 256))), tmp_path / "runs")
    alone = attempt(Trial(RECIPE, 0, number=0), tmp_path / "alone")
    assert (result.pruned, result.steps, result.value) == (None, 512, alone.value)
    with Journal(path) as journal:
        assert [(each.rung, each.step) for each in journal.decisions() if each.number == 0] == [(0, 128), (1, 256)]


def test_a_decision_that_was_noted_is_followed_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the decision and the checkpoint, with other rivals by the time that it goes on."""
    path = rivals(tmp_path, 501.0)
    trial = Trial(RECIPE, 0, {"training.checkpoint_every": 0.0}, number=0, halving=Halving(str(path), 0, (256,)))
    whole = attempt(trial, tmp_path / "whole")
    with Journal(path) as journal:
        noted = journal.decisions()[-1]
    decide = Journal.decide

    def killed(self: Journal, *args: object) -> bool:
        decide(self, *args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "decide", killed)
    with pytest.raises(KeyboardInterrupt):
        attempt(trial, tmp_path / "runs")
    monkeypatch.setattr(Journal, "decide", decide)
    run = find_run(tmp_path / "runs", trial.plan())
    assert run is not None
    assert run.status == "interrupted"
    result = attempt(trial, tmp_path / "runs")
    assert dataclasses.replace(result, run=None, seconds=0.0) == dataclasses.replace(whole, run=None, seconds=0.0)
    with Journal(path) as journal:
        assert journal.decisions()[-1] == noted
        assert len(journal.decisions()) == 7
