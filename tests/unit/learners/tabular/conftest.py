"""The small random worlds of the oracles, for as long as the tabular methods are tested."""

from collections.abc import Iterator

import pytest
import worlds


@pytest.fixture(scope="module", autouse=True)
def _worlds() -> Iterator[None]:
    worlds.register()
    yield
    worlds.unregister()
