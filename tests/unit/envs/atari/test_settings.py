"""The settings of the chain: what they give, and what is refused."""

from typing import Any

import pytest

from palestra.envs.atari.settings import AtariSettings, make_settings
from palestra.errors import UsageError


def test_what_is_seen_has_the_shape_of_the_settings() -> None:
    assert AtariSettings().shape == (4, 84, 84)
    assert AtariSettings(grey=False, stack=2, size=42).shape == (6, 42, 42)


def test_a_reward_is_clipped_to_its_sign_where_that_is_asked_for() -> None:
    assert [AtariSettings().clipped(reward) for reward in (-7.0, 0.0, 0.5)] == [-1.0, 0.0, 1.0]
    assert AtariSettings(clip_reward=False).clipped(-7.0) == -7.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frame_skp": 4}, "unknown setting of ALE/Pong-v5 'frame_skp'; nearest: frame_skip"),
        ({"frame_skip": 0}, "frame_skip=0; expected at least 1"),
        ({"frame_skip": 2.0}, "frame_skip=2.0 for ALE/Pong-v5; expected such as frame_skip=4"),
        ({"fire": 1}, "fire=1 for ALE/Pong-v5; expected such as fire=True"),
        ({"mode": "hard"}, "mode='hard' for ALE/Pong-v5"),
        ({"sticky": 1.0}, "sticky=1.0; expected 0 <= sticky < 1"),
        ({"sticky": True}, "sticky=True for ALE/Pong-v5"),
        ({"noop_max": -1}, "noop_max=-1; expected 0 or more"),
        ({"lives": "end"}, "lives='end'; expected one of terminal, restart, ignore"),
        ({"lives": 1}, "lives=1 for ALE/Pong-v5"),
        ({"size": 161}, "size=161; expected 8 to 160"),
        ({"stack": 8}, "stack=8; expected 1 to 7"),
        ({"max_episode_steps": 0}, "max_episode_steps=0; expected at least 1"),
        ({"processes": 65}, "processes=65; expected 0 to 64"),
    ],
)
def test_what_is_no_setting_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        make_settings("ALE/Pong-v5", given)
    assert str(error.value).startswith(said)


def test_numbers_and_nothing_are_taken_where_they_are_meant() -> None:
    made = make_settings("ALE/Pong-v5", {"sticky": 0, "mode": None, "difficulty": 1, "lives": "ignore"})
    assert (made.sticky, made.mode, made.difficulty, made.lives) == (0, None, 1, "ignore")
