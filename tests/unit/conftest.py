"""What tests of several rooms share."""

from pathlib import Path

import pytest
from quick import QUICK

from palestra.trials.train import train


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of ``QUICK``, which is not to be changed."""
    return Path(train(QUICK, seed=7, out=tmp_path_factory.mktemp("runs")).path)
