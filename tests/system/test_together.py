"""Many seeds as one batch under ``kill -9``: the same command goes on, and each run is the one that nobody killed."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from command import started
from run_comparison import differences

from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.store import run_ids
from palestra.trials.seeds import promised
from palestra.trials.together import TogetherPool
from palestra.trials.trial import Result, Trial, attempt, find_run

KILLS, SEEDS = 3, 3
OFTEN = {"training.checkpoint_every": 0.0}
TABLES = {**OFTEN, "training.budget": 96_000, "training.eval_every": 32_000}
NETWORKS = {
    **OFTEN, "training.budget": 3_000, "training.eval_every": 1_000, "training.eval_count": 8,
    "learner.learning_starts": 200, "learner.train_frequency": 16, "learner.gradient_steps": 2, "learner.n_step": 2,
}  # fmt: skip


def reached(out: Path) -> int:
    """The clocks of the newest checkpoints of all runs, summed."""
    return sum(max(checkpoints.steps(out / run / "checkpoints"), default=0) for run in run_ids(out))


def nobody_killed(trials: list[Trial], folder: Path) -> list[Result]:
    """The same as one batch of this process."""
    with TogetherPool(SEEDS) as pool:
        for trial in trials:
            pool.submit(trial, folder)
        results: dict[int, Result] = {}
        while len(results) < len(trials):
            results |= {trial.seed: result for trial, result in pool.poll()}
    return [results[trial.seed] for trial in trials]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "settings"), [("cliff/q-learning", TABLES), ("cartpole/dqn", NETWORKS)])
def test_a_batch_that_is_killed_again_and_again_goes_on(name: str, settings: dict[str, Any], tmp_path: Path) -> None:
    """Tables are held against trainings alone, networks, which round otherwise, against a batch that nobody killed."""
    rng, out, recipe = random.Random(0), tmp_path / "killed", RECIPES[name]
    argv = ["train", recipe.id, "--seeds", str(SEEDS), "--together", "--no-plots", "--quiet", "--out", str(out)]
    argv += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    for _ in range(KILLS):
        before = reached(out)
        with started(argv) as process:
            deadline = time.monotonic() + 600
            while reached(out) <= before and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.1))
            assert process.poll() is None, "it ended before it was killed"
            os.killpg(process.pid, signal.SIGKILL)
    with started(argv) as process:
        said = process.communicate(timeout=900)
    assert process.returncode == 0, said
    trials = [Trial(promised(recipe, settings), seed, settings) for seed in range(SEEDS)]
    whole = tmp_path / "whole"
    tables = settings is TABLES
    expected = [attempt(trial, whole) for trial in trials] if tables else nobody_killed(trials, whole)
    for trial, result in zip(trials, expected, strict=True):
        found = find_run(out, trial.plan())
        assert found is not None
        assert result.run is not None
        assert differences(Path(result.run), found.path) == []
        assert found.manifest["exact"]
    assert len(run_ids(out)) == SEEDS
