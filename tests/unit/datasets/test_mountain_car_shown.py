"""How the valley is left: from everywhere, for less than can be learned from it, the same each time."""

import pytest

from palestra.datasets.mountain_car_shown import EPISODES, make
from palestra.datasets.recorded import load_episodes
from palestra.errors import UsageError


def test_every_episode_comes_to_the_goal_at_the_price_of_full_throttle() -> None:
    found = load_episodes("mountain-car-shown")
    assert len(found.ends) == EPISODES
    assert found.terminated[found.ends - 1].all()
    assert (abs(found.actions) == 1).all()
    assert 85 < found.returns.min() <= found.returns.max() < 90  # 90 is Gymnasium's threshold


def test_they_are_the_same_each_time_and_others_by_another_seed() -> None:
    assert make().digest == load_episodes("mountain-car-shown").digest != make(seed=1).digest
    assert len(make(1).ends) == 1
    with pytest.raises(UsageError, match="episodes=0; expected at least 1"):
        make(0)
