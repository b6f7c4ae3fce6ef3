"""One game: how it begins, what a step is, what a lost life is, and that it goes on exactly from a saved state."""

import hashlib
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")

from palestra.envs.atari.game import Game  # noqa: E402 - needs ale-py
from palestra.envs.atari.settings import AtariSettings  # noqa: E402
from palestra.errors import UsageError  # noqa: E402


class Recorder:
    """An emulator that is told on: every action, in order."""

    def __init__(self, emulator: Any):
        self.emulator, self.acted = emulator, list[int]()

    def act(self, action: int) -> int:
        self.acted.append(action)
        return int(self.emulator.act(action))

    def reset_game(self) -> None:
        self.emulator.reset_game()
        self.acted.clear()  # what was done before is no part of the game

    def __getattr__(self, name: str) -> Any:
        return getattr(self.emulator, name)


def recorded(rom: str = "breakout", seed: int = 0, **settings: Any) -> tuple[Game, list[int]]:
    game = Game(rom, AtariSettings(**settings))
    recorder = Recorder(game._emulator)
    game._emulator = recorder
    game.begin(seed)
    return game, recorder.acted


def shown(game: Game) -> bytes:
    screen = np.zeros(game.screen_shape, np.uint8)
    game.show(screen)
    return screen.tobytes()


def play(game: Game, steps: int, seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    seen = []
    for number in range(steps):
        step = game.step(int(rng.integers(len(game.actions))))
        seen.append((*step, game.lives, shown(game)))
        if step.over:
            game.begin(number)
    return seen


def test_a_game_begins_with_nothing_for_some_frames_then_fire_and_the_next_action() -> None:
    counts = []
    for seed in range(8):
        _, acted = recorded(seed=seed)
        assert acted[-8:] == [1] * 4 + [3] * 4  # FIRE, RIGHT
        assert set(acted[:-8]) == {0}
        counts.append(len(acted) - 8)
    assert all(1 <= count <= 30 for count in counts)
    assert len(set(counts)) > 3
    assert recorded(noop_max=0)[1] == [1] * 4 + [3] * 4
    assert recorded(noop_max=0, fire=False)[1] == []
    assert recorded("freeway", noop_max=0)[1] == []  # which has no FIRE


def test_an_action_is_held_for_the_frames_of_a_step() -> None:
    game, acted = recorded(noop_max=0, fire=False, frame_skip=3)
    game.step(3)
    assert acted == [4] * 3  # LEFT
    assert game.steps == 1


def test_what_is_shown_is_the_brighter_of_the_last_two_frames() -> None:
    game, _ = recorded(noop_max=0)
    twin, _ = recorded(noop_max=0)
    for _ in range(5):
        game.step(2)
        frames = []
        for _ in range(4):
            twin._frame(3)
            frames.append(twin._emulator.getScreenGrayscale())
        assert shown(game) == np.maximum(frames[2], frames[3]).tobytes()


class Ending:
    """An emulator whose frames are as bright as their number, and whose game ends with the sixth of them."""

    frame = 0

    def act(self, action: int) -> int:
        self.frame = min(self.frame + 1, 6)
        return 0

    def game_over(self) -> bool:
        return self.frame == 6

    def lives(self) -> int:
        return 0

    def show(self, screen: np.ndarray) -> None:
        screen.fill(self.frame)


def test_at_the_end_of_a_game_its_last_frame_is_seen_and_no_earlier_one() -> None:
    game, ending = Game("breakout", AtariSettings()), Ending()
    game._emulator, game._capture = ending, ending.show
    assert not game.step(0).over
    assert set(shown(game)) == {4}
    assert game.step(0).over
    assert set(shown(game)) == {6}  # of those before it there is 4, which whoever stops there shows


def test_sticky_actions_repeat_the_one_before_for_a_share_of_the_frames() -> None:
    game, acted = recorded(noop_max=0, fire=False, sticky=0.25, frame_skip=1, seed=4)
    asked = [number % 2 + 2 for number in range(2_000)]
    for action in asked:
        game.step(action)
    codes = [game.actions[action] for action in asked]
    kept = [acted[i] == acted[i - 1] != codes[i] for i in range(1, len(codes))]
    stuck = [acted[i] != codes[i] for i in range(1, len(codes))]
    assert kept == stuck
    assert np.mean(stuck) == pytest.approx(0.25 / 1.25, abs=0.03)  # one that is stuck makes the next one no repetition
    assert recorded(sticky=0.0)[0]._generator.bit_generator.state != game._generator.bit_generator.state


def test_after_a_lost_life_nothing_is_done_for_a_step_and_then_fire_is_pressed() -> None:
    game, acted = recorded()
    lost, score = False, 0.0
    while not lost:
        reward, lost, over = game.step(0)
        score += reward
        assert not over
    assert game.lives == 4
    del acted[:]
    assert game.go_on().over is False
    assert acted == [0] * 4 + [1] * 4 + [3] * 4
    assert game.score == score
    assert game.steps > 1


def test_the_score_is_the_games_own() -> None:
    game, _ = recorded(seed=1)
    rewards = []
    for action in np.random.default_rng(2).integers(4, size=300):
        step = game.step(int(action))
        rewards.append(step.reward)
        if step.over:
            break
    assert game.score == sum(rewards) > 0


def test_games_begin_differently_beyond_the_frames_of_nothing() -> None:
    states = set()
    for seed in range(6):
        game = Game("breakout", AtariSettings(noop_max=0, fire=False))
        game.begin(seed)
        states.add(game.state_dict()["emulator"].tobytes())
    assert len(states) > 3


def test_a_game_depends_on_its_seed_alone() -> None:
    one, other = (Game("breakout", AtariSettings()) for _ in range(2))
    one.begin(5)
    play(one, 50)
    one.begin(7)
    other.begin(7)
    assert play(one, 300) == play(other, 300)


@pytest.mark.parametrize("settings", [{}, {"sticky": 0.25}, {"grey": False, "frame_skip": 2}])
def test_a_saved_game_goes_on_bit_for_bit_in_a_fresh_emulator(settings: dict[str, Any]) -> None:
    game = Game("breakout", AtariSettings(**settings))
    game.begin(3)
    play(game, 100)
    state = game.state_dict()
    expected = play(game, 400, seed=1)  # over the ends of games
    assert sum(step[2] for step in expected) > 0
    fresh = Game("breakout", AtariSettings(**settings))
    fresh.load_state_dict({**state, "generator": json.loads(json.dumps(state["generator"]))})
    assert play(fresh, 400, seed=1) == expected


CONTINUE = """
import hashlib, json, sys
import numpy as np
from palestra.envs.atari.game import Game
from palestra.envs.atari.settings import AtariSettings
state = json.loads(sys.stdin.read())
game = Game("breakout", AtariSettings(sticky=0.25))
game.load_state_dict({**state, "emulator": np.frombuffer(bytes.fromhex(state["emulator"]), np.uint8)})
digest, screen = hashlib.sha256(), np.zeros(game.screen_shape, np.uint8)
for number in range(200):
    step = game.step(number % 4)
    game.show(screen)
    digest.update(repr(step).encode() + screen.tobytes())
print(digest.hexdigest())
"""


def test_a_saved_game_goes_on_bit_for_bit_in_a_fresh_process() -> None:
    game = Game("breakout", AtariSettings(sticky=0.25))
    game.begin(3)
    for number in range(40):
        game.step(number % 3)
    state = game.state_dict()
    text = json.dumps({**state, "emulator": state["emulator"].tobytes().hex()})
    printed = subprocess.run(
        [sys.executable, "-c", CONTINUE], input=text, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    digest, screen = hashlib.sha256(), np.zeros(game.screen_shape, np.uint8)
    for number in range(200):
        step = game.step(number % 4)
        game.show(screen)
        digest.update(repr(step).encode() + screen.tobytes())
    assert printed == digest.hexdigest() + "\n"


def test_all_eighteen_actions_and_the_switches_of_the_console_can_be_had() -> None:
    assert Game("breakout", AtariSettings(full_action_space=True)).actions == list(range(18))
    assert Game("breakout", AtariSettings()).actions == [0, 1, 3, 4]
    easy, hard = (recorded("breakout", difficulty=level, noop_max=0)[0] for level in (0, 1))
    assert play(easy, 60) != play(hard, 60)
    for given, said in (({"mode": 999}, "mode=999; expected one of"), ({"difficulty": 9}, "difficulty=9; expected")):
        with pytest.raises(UsageError, match=said):
            Game("breakout", AtariSettings(**given))
