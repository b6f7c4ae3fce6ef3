"""Discrete SAC sees images through convolutions that learn from the values' loss, and targets through a copy."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import half
import pytest

from palestra.learners.off_policy.discrete_sac import DiscreteSAC


@pytest.fixture(autouse=True)
def _own_env() -> Iterator[None]:
    gym.register(half.ENV, half.Half)
    yield
    del gym.registry[half.ENV]


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.2}])
def test_the_encoder_learns_and_its_copy_follows(settings: dict[str, Any]) -> None:
    half.check_the_encoder_learns(DiscreteSAC, **settings)


def test_pixels_lie_side_by_side_where_that_is_asked_for() -> None:
    half.check_pixels_side_by_side(DiscreteSAC)
