"""A game in Gymnasium's form, against Gymnasium's own wrappers around ale-py's environment, and what it says."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")

from palestra.envs.atari.gym_env import AtariEnv  # noqa: E402 - needs ale-py
from palestra.envs.backends.making import make_gym_env  # noqa: E402
from palestra.errors import UsageError  # noqa: E402

PLAIN: dict[str, Any] = {"lives": "ignore", "fire": False, "clip_reward": False}
"""The chain without what Gymnasium's has not."""


def theirs(game: str, **settings: Any) -> gym.Env[Any, Any]:
    pytest.importorskip("cv2", reason="OpenCV is not installed")
    env = gym.make(f"ALE/{game}-v5", frameskip=1, repeat_action_probability=0.0)
    env = gym.wrappers.AtariPreprocessing(env, **settings)
    return gym.wrappers.FrameStackObservation(env, 4)


@pytest.mark.parametrize(
    ("game", "rom", "changed", "their_changes"),
    [
        ("Breakout", "breakout", {}, {}),
        ("Breakout", "breakout", {"size": 42}, {"screen_size": 42}),
        ("Freeway", "freeway", {"frame_skip": 1}, {"frame_skip": 1}),
    ],
)
def test_a_whole_game_is_gymnasiums_pixel_for_pixel(
    game: str, rom: str, changed: dict[str, Any], their_changes: dict[str, Any]
) -> None:
    ours, other = AtariEnv(rom, **PLAIN, **changed), theirs(game, noop_max=0, **their_changes)
    ours.reset(seed=3)
    other.reset(seed=3)
    unwrapped: Any = other.unwrapped
    unwrapped.ale.restoreState(ours._game._emulator.cloneState(include_rng=True))  # the same game from here on
    rng = np.random.default_rng(0)
    rounded, steps, over = 0, 0, False
    while not over and steps < 400:
        action = int(rng.integers(ours.action_space.n))
        obs, reward, over, _, _ = ours.step(action)
        their_obs, their_reward, their_over, _, _ = other.step(action)
        assert (reward, over) == (their_reward, their_over)
        steps += 1
        if steps >= 4 and not over:  # what was seen before the games were one is gone
            assert np.abs(obs.astype(int) - their_obs.astype(int)).max() <= 1  # halves are rounded otherwise
            rounded += int((obs != their_obs).sum())
    assert steps > 100
    assert rounded / (steps * obs.size) < 0.002


def test_a_game_begins_as_gymnasiums_with_one_picture_over_and_over() -> None:
    ours, other = AtariEnv("breakout", **PLAIN), theirs("Breakout")
    obs, their_obs = ours.reset(seed=0)[0], other.reset(seed=0)[0]
    assert (obs == obs[0]).all()
    assert (their_obs == their_obs[0]).all()


def test_it_draws_itself_and_passes_gymnasiums_checks() -> None:
    env = make_gym_env("ALE/Breakout-v5", render_mode="rgb_array")
    env.reset(seed=0)
    image: Any = env.render()
    assert image.shape == (210, 160, 3)
    assert image.std() > 10
    assert env.metadata["render_fps"] == 15
    gym.utils.env_checker.check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_a_seed_repeats_a_game_and_no_seed_draws_one() -> None:
    env = AtariEnv("breakout")
    first = env.reset(seed=5)[0]
    assert np.array_equal(first, env.reset(seed=5)[0])
    env.np_random.bit_generator.state = np.random.PCG64(1).state
    drawn = [env.reset()[0] for _ in range(6)]
    assert len({obs.tobytes() for obs in drawn}) > 1


def test_an_episode_is_a_whole_game_so_that_ends_at_lives_are_refused() -> None:
    with pytest.raises(UsageError, match=r"lives='terminal' .* expected lives='restart' or 'ignore', or backend='ale'"):
        AtariEnv("breakout", lives="terminal")
    env = AtariEnv("breakout", clip_reward=False, lives="restart")
    env.reset(seed=0)
    lives, over, steps = [], False, 0
    while not over:
        _, _, over, _, info = env.step(0)
        lives.append(info["lives"])
        steps += 1
    assert lives == sorted(lives, reverse=True)
    assert set(lives) >= {4, 3, 2, 1}
    assert info["game_steps"] == steps
