from collections.abc import Iterator

import pytest
from driver import Driver


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One process that trains and kills for all tests; starting it costs an import of PyTorch."""
    made = Driver(tmp_path_factory.mktemp("kill"))
    yield made
    made.process.communicate()
    assert made.process.returncode == 0
