"""A folder with trained agents of the arm."""

from pathlib import Path

import pytest

import palestra


@pytest.fixture(scope="session")
def arm_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One has learned a little from the state, and after it one from pixels."""
    out = tmp_path_factory.mktemp("arms")
    few = {"claim": False, "eval_every": 0, "tensorboard": False, "out": out}
    palestra.train("arm-reach-state/dagger", budget=1_024, **few)
    pixels = {"num_envs": 2, "batch_size": 8, "buffer_size": 64, "gradient_steps": 1}
    palestra.train("arm-reach-pixels/dagger", budget=16, seed=1, **pixels, **few)
    return out
