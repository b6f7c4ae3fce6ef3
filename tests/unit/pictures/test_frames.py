"""Films: a picture of every state, of whole episodes, in the environment as Gymnasium made it."""

from typing import Any, cast

import gymnasium as gym
import numpy as np
import pytest

from palestra.engine import seeding
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.pictures.frames import FPS, Frame, film, frames_per_second, make_film_env, side_by_side


class Countdown(gym.Env):
    """Three steps down from 3 at first, four in the second episode, and so on; draws the number, pays the action."""

    def __init__(self) -> None:
        self.seeds, self.length = [], 2

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.seeds.append(seed)
        self.length += 1
        self.left = self.length
        return self.left, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.left -= 1
        return self.left, float(action), self.left == 0, False, {}

    def render(self) -> np.ndarray:
        return np.full((2, 2, 3), self.left, np.uint8)


class Echo:
    """Acts what it sees."""

    def __init__(self) -> None:
        self.policy, self.heard = self, list[Any]()

    def reset(self, num: int, *, seed: int) -> None:
        self.heard.append((num, seed))

    def decide(self, obs: int, env: gym.Env) -> int:
        return obs

    def told(self, action: int, reward: float, done: bool) -> None:
        self.heard.append((action, reward, done))


def test_a_frame_for_every_state_of_every_episode() -> None:
    env: Any = Countdown()
    echo: Any = Echo()
    frames = list(film(echo, env, episodes=2, seed=5))
    assert [int(f.image[0, 0, 0]) for f in frames] == [3, 2, 1, 0, 4, 3, 2, 1, 0]
    assert [f.episode for f in frames] == [0] * 4 + [1] * 5
    assert [f.total_reward for f in frames] == [0, 3, 5, 6, 0, 4, 7, 9, 10]
    assert env.seeds == [seeding.derive(5, "film", 0), seeding.derive(5, "film", 1)]
    assert echo.heard[:4] == [(1, env.seeds[0]), (3, 3.0, False), (2, 2.0, False), (1, 1.0, True)]
    assert echo.heard[4] == (1, env.seeds[1])


def test_an_episode_without_end_is_cut() -> None:
    assert len(list(film(cast(Any, Echo()), Countdown(), episodes=1, seed=0, max_steps=2))) == 3


def test_an_environment_that_draws_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="exists only as a torch environment"):
        make_film_env(World("probe/Counting"))
    gym.register("test/Blind-v0", type("Blind", (Countdown,), {"observation_space": gym.spaces.Box(0, 9, (1,)),
                                                              "action_space": gym.spaces.Discrete(9)}))  # fmt: skip
    try:
        with pytest.raises(UsageError, match="'test/Blind-v0' draws no pictures"):
            make_film_env(World("test/Blind-v0"))
    finally:
        del gym.registry["test/Blind-v0"]


@pytest.mark.parametrize(
    ("picture", "given"),
    [
        (None, "None"), (np.zeros((8, 8, 3)), r"float64 \(8, 8, 3\)"), (np.zeros((8, 8), np.uint8), r"uint8 \(8, 8\)"),
        ([np.zeros((1, 1, 3), np.uint8)], r"\[array"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_said_and_not_blamed_on_the_machine(picture: Any, given: str) -> None:
    spaces = {"observation_space": gym.spaces.Box(0, 9, (1,)), "action_space": gym.spaces.Discrete(9)}
    drawing = {"metadata": {"render_modes": ["rgb_array"]}, "render": lambda self: picture, "render_mode": "rgb_array"}
    made = type("Odd", (Countdown,), {**spaces, **drawing, "__init__": lambda self, render_mode=None: vars(self).update(
        seeds=[], length=2)})  # fmt: skip
    gym.register("test/Painter-v0", made)
    try:
        with pytest.raises(
            PalestraError, match=rf"'test/Painter-v0': render\(\) returned {given}.*; expected an array"
        ):
            make_film_env(World("test/Painter-v0"))
    finally:
        del gym.registry["test/Painter-v0"]


def test_time_passes_as_the_environment_says() -> None:
    env: Any = Countdown()
    assert frames_per_second(env) == FPS
    env.metadata = {"render_fps": 50}
    assert frames_per_second(env) == 50


def test_two_films_stand_side_by_side_and_the_shorter_episode_waits() -> None:
    def frames(*values: tuple[int, int]) -> list[Frame]:
        return [Frame(np.full((1, 1, 3), value, np.uint8), episode, value / 10) for episode, value in values]

    short, long = frames((0, 1), (0, 2), (1, 3), (1, 4), (1, 5)), frames((0, 6), (0, 7), (0, 8), (1, 9))
    both = list(side_by_side(iter(short), iter(long)))
    assert [frame.image[0, :, 0].tolist() for frame in both] == [[1, 6], [2, 7], [2, 8], [3, 9], [4, 9], [5, 9]]
    assert [frame.episode for frame in both] == [0, 0, 0, 1, 1, 1]
    assert both[2].total_reward == 0.8
