from typing import Any

import pytest

from palestra.trials.settings import settings_of, spoken


def test_every_setting_has_its_place() -> None:
    config = {
        "recipe": "cliff/sarsa",
        "learner": {"name": "sarsa", "settings": {"gamma": 0.9}},
        "world": {"id": "CliffWalking-v1", "kwargs": {"max_episode_steps": 100}, "num_envs": 2},
        "training": {"seed": 0},
        "claim": {"threshold": 1.0},
    }
    assert settings_of(config) == {
        "learner.gamma": 0.9, "world.id": "CliffWalking-v1", "world.kwargs.max_episode_steps": 100, "world.num_envs": 2,
        "training.seed": 0,
    }  # fmt: skip
    assert settings_of({}) == {}
    assert settings_of({"dataset": {"id": "digits", "kwargs": {}}}) == {"dataset.id": "digits"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "true"),
        (False, "false"),
        (0.5, "0.5"),
        ("ppo", "ppo"),
        ([64, None, True], "64,none,true"),
        ((8,), "8"),
        ({"wind": 0.05}, '{"wind": 0.05}'),
    ],
)
def test_a_value_is_said_as_it_would_be_typed(value: Any, words: str) -> None:
    assert spoken(value) == words
