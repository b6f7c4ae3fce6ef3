"""Copies in a row: what they write for others to read, and which seeds their games have."""

import numpy as np
import pytest

ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")

from palestra.envs.atari.game import Game  # noqa: E402 - needs ale-py
from palestra.envs.atari.row import Row, make_results  # noqa: E402
from palestra.envs.atari.seen import small  # noqa: E402
from palestra.envs.atari.settings import AtariSettings  # noqa: E402
from palestra.envs.episode_tape import episode_seed  # noqa: E402


def test_results_of_some_copies_lie_in_the_memory_of_all() -> None:
    results = make_results(5, AtariSettings(size=42, grey=False))
    assert results.picture.shape == results.first.shape == (5, 3, 42, 42)
    part = results.of(slice(2, 4))
    for whole, some in zip(results, part, strict=True):
        assert not whole.any()
        some[...] = 1
        assert whole.astype(int).sum() == some.size
        assert len(some) == 2


def test_a_row_plays_the_games_that_its_copies_have_among_all() -> None:
    settings = AtariSettings()
    results = make_results(2, settings)
    row = Row("breakout", settings, 3, results)
    row.reset(11)
    for copy in range(2):
        game = Game("breakout", settings)
        game.begin(episode_seed(11, 3 + copy, 0))
        screen = np.zeros((1, *game.screen_shape), np.uint8)
        game.show(screen[0])
        assert np.array_equal(results.first[copy], small(screen, 84)[0].numpy())
        reward = game.step(2).reward
        results.action[...] = 2
        if copy == 0:
            row.step()
        game.show(screen[0])
        assert np.array_equal(results.picture[copy], small(screen, 84)[0].numpy())
        assert results.reward[copy] == settings.clipped(reward)


def test_the_score_of_a_game_stands_there_when_it_is_over() -> None:
    settings = AtariSettings()
    results = make_results(1, settings)
    row = Row("breakout", settings, 0, results)
    row.reset(2)
    total, ends = 0.0, 0
    while not results.over[0]:
        results.action[0] = np.random.default_rng(row.games[0].steps).integers(4)
        row.step()
        total += results.reward[0]
        ends += bool(results.terminated[0])
    assert ends >= 5
    assert results.score[0] >= total > 0  # rewards of Breakout's upper rows are clipped
    assert results.steps[0] > 50
    assert row.games[0].steps == 0
