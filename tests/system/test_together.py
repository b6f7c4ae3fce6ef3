"""Many seeds as one batch under ``kill -9``: the same command goes on, and each run is the one that nobody killed."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from command import started
from run_comparison import differences

from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.store import run_ids
from palestra.trials.seeds import promised
from palestra.trials.trial import Trial, attempt, find_run

KILLS, SEEDS = 3, 3
RECIPE = RECIPES["cliff/q-learning"]
SETTINGS = {"training.budget": 96_000, "training.checkpoint_every": 0.0, "training.eval_every": 32_000}


def reached(out: Path) -> int:
    """The clocks of the newest checkpoints of all runs, summed."""
    return sum(max(checkpoints.steps(out / run / "checkpoints"), default=0) for run in run_ids(out))


@pytest.mark.slow
def test_a_batch_that_is_killed_again_and_again_goes_on(tmp_path: Path) -> None:
    rng, out = random.Random(0), tmp_path / "killed"
    argv = ["train", RECIPE.id, "--seeds", str(SEEDS), "--together", "--no-plots", "--quiet", "--out", str(out)]
    argv += [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    for _ in range(KILLS):
        before = reached(out)
        with started(argv) as process:
            deadline = time.monotonic() + 120
            while reached(out) <= before and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.1))
            assert process.poll() is None, "it ended before it was killed"
            os.killpg(process.pid, signal.SIGKILL)
    with started(argv) as process:
        said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    recipe = promised(RECIPE, SETTINGS)
    for seed in range(SEEDS):
        trial = Trial(recipe, seed, SETTINGS)
        found, whole = find_run(out, trial.plan()), attempt(trial, tmp_path / "whole")
        assert found is not None
        assert whole.run is not None
        assert differences(Path(whole.run), found.path) == []
        assert found.manifest["exact"]
    assert len(run_ids(out)) == SEEDS
