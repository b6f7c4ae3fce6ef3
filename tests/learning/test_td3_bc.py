"""From recordings of good and bad alike TD3+BC becomes better than what copies them, if it listens to its critics."""

from typing import Any

import numpy as np
import pytest
from recordings import episodes, known_as

from palestra.envs.world import World
from palestra.learners.imitation.td3_bc import TD3BC, TD3BCConfig

SMALL: dict[str, Any] = {"hidden_sizes": (32, 32), "batch_size": 64, "learning_rate": 1e-2, "tau": 0.1}


def by_chance(monkeypatch: pytest.MonkeyPatch) -> str:
    """What 400 uniform actions are paid where 2 of -1 to 3 is the best: their mean, 1, is paid -1."""
    action = np.random.default_rng(0).uniform(-1.0, 3.0, (400, 1)).astype(np.float32)
    over, zeros = np.ones(400, bool), np.zeros((400, 1), np.float32)
    made = episodes(
        "probe/ContinuousTarget", [1] * 400, observations=zeros, actions=action, rewards=-((action[:, 0] - 2) ** 2),
        terminated=over, truncated=~over, final_observations=zeros,
    )  # fmt: skip
    return known_as(monkeypatch, "chance", made)


def score(data: str, **settings: Any) -> float:
    agent = TD3BC(World("probe/ContinuousTarget", 1), TD3BCConfig(**{**SMALL, "data": data, **settings}), seed=0)
    return float(agent.learn(600).evaluate(episodes=1).score)


def test_by_the_critics_word_it_leaves_the_mean_of_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_chance(monkeypatch)
    assert score(data, alpha=20.0) > -0.1
    assert -1.4 < score(data, alpha=0.0) < -0.6  # the mean itself


def test_and_not_where_nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_chance(monkeypatch)
    monkeypatch.setattr(TD3BC, "gradient_step", lambda self, b: self.nets.gradient_step(b, None))
    assert score(data, alpha=20.0) < -0.6
