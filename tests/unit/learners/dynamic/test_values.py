"""The values of a finite process: what ends an episode, pictures, and worlds that have no table."""

from pathlib import Path
from typing import Any

import planning_checks
import pytest
import torch

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.dynamic import values
from palestra.learners.dynamic.value_iteration import ValueIteration
from palestra.ops import bellman
from palestra.pictures.gallery import draw_exhibits


def test_what_ends_an_episode_must_not_be_followed_by_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    # The fault of evaluating with v(s') where the episode is over: the goal's own moves leak into its neighbours.
    def leaking(*args: Any, **kwargs: Any) -> bellman.Dynamics:
        offset, probability, next_state, reward, terminated, terminal = args
        return honest(
            offset, probability, next_state, reward, torch.zeros_like(terminated), torch.zeros_like(terminal), **kwargs
        )

    honest = bellman.dynamics
    monkeypatch.setattr(values.bellman, "dynamics", leaking)
    agent = ValueIteration(
        World("CliffWalking-v1", kwargs=planning_checks.CLIFF), ValueIteration.config_type(gamma=0.9)
    ).learn(500)
    assert agent.policy.start < -9.9  # -10: it costs for ever


def test_pictures_are_drawn(tmp_path: Path) -> None:
    for number, (env, kwargs) in enumerate((("FrozenLake-v1", {}), ("Taxi-v4", {}))):
        drawn = draw_exhibits(
            planning_checks.plan("synchronous", env, kwargs, gamma=0.9).exhibits(), tmp_path / str(number)
        )
        assert [path.name for path in drawn] == ["value-and-policy.png", "convergence.png"]
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_worlds_without_a_table_are_refused() -> None:
    with pytest.raises(UsageError, match=r"CartPole-v1.*no table P"):
        ValueIteration("CartPole-v1")
    with pytest.raises(UsageError, match=r"gamma=1.5"):
        ValueIteration.config_type(gamma=1.5)
