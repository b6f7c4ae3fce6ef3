"""Ids that nothing is registered under: an old version names the new one, a misspelt one the nearest."""

from collections.abc import Iterator

import gymnasium as gym
import pytest

from palestra.envs.ids import unknown_id


@pytest.fixture
def versions() -> Iterator[None]:
    """Two versions of one environment."""
    for number in (0, 2):
        gym.register(f"IdsMine-v{number}", "gymnasium.envs.classic_control:CartPoleEnv")
    yield
    for number in (0, 2):
        del gym.registry[f"IdsMine-v{number}"]


@pytest.mark.usefixtures("versions")
def test_an_older_version_names_the_newest() -> None:
    assert "expected its newer version 'Taxi-v4'" in str(unknown_id("Taxi-v3"))
    assert "expected its newer version 'IdsMine-v2'" in str(unknown_id("IdsMine-v1"))
    newer = str(unknown_id("IdsMine-v3"))  # one that is yet to come
    assert newer.startswith("unknown environment 'IdsMine-v3'; nearest: IdsMine-v2, IdsMine-v0")
    assert newer.endswith("if a module of yours registers it, add --import MODULE (in Python: import it first)")
