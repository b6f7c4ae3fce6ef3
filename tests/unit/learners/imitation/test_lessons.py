"""Recorded episodes are learned from in a world that shows and takes what theirs did."""

import numpy as np
import pytest
from recordings import episodes, known_as

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.imitation.lessons import best, lessons


def test_only_in_a_world_of_the_same_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    name, made = "mine", episodes("CartPole-v1", [2, 3])
    known_as(monkeypatch, name, made)
    world = World("CartPole-v1", kwargs={"sutton_barto_reward": True})
    assert lessons(name, world, world.make(), "bc") is made
    for other in ("Acrobot-v1", "Pendulum-v1"):
        world = World(other)
        with pytest.raises(UsageError, match=f"bc in '{other}' with data=mine, which was recorded in 'CartPole-v1'"):
            lessons(name, world, world.make(), "bc")


def test_the_best_of_them_in_their_order() -> None:
    made = episodes("CartPole-v1", [1, 2, 3, 4], rewards=np.array([5, 1, 1, 0, 0, 0, 3, 3, 3, 3], np.float32))
    assert made.returns.tolist() == [5, 2, 0, 12]
    assert best(made, 0.5).returns.tolist() == [5, 12]
    assert best(made, 0.01).returns.tolist() == [12]
    assert best(made, 1.0) is made
    with pytest.raises(UsageError, match="best_share=0; expected a share above 0, to 1"):
        best(made, 0)
