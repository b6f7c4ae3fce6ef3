"""One game of Atari's, played in steps of several frames: what is done to the emulator, and what it shows.

Everything random is drawn here, from a generator of the game's own; the emulator's chance of repeating an action is 0,
since it forgets, when it is saved, which action that would be.
"""

from typing import Any, NamedTuple

import ale_py
import numpy as np
from numpy.typing import NDArray

from palestra.envs.atari.emulators import borrowed
from palestra.envs.atari.settings import AtariSettings
from palestra.errors import require

NOTHING, FIRE = 0, 1
"""Actions of the emulator."""
LUCK = 64
"""States of the emulator's generator that a game can begin with."""


class Step(NamedTuple):
    """What came of one step."""

    reward: float
    """As the game counts."""
    lost_life: bool
    """A life was lost, and there are others."""
    over: bool
    """The game is."""


class Game:
    """An emulator and the game in it, which begins with ``begin`` or ``load_state_dict``.

    Args:
        rom: name of the game in ale-py.
        settings: of the chain; what a picture becomes after ``show``, and what ends an episode, is not done here.
    """

    def __init__(self, rom: str, settings: AtariSettings):
        self.settings = settings
        emulator, self._new = borrowed(self, rom)
        self._emulator = emulator
        self._set_switches()
        least = [action.value for action in emulator.getMinimalActionSet()]
        legal = [action.value for action in emulator.getLegalActionSet()]
        self.actions = legal if settings.full_action_space else least
        """The emulator's actions, by ours."""
        self._start = least[1:3] if settings.fire and len(least) > 2 and least[1] == FIRE else []
        self._capture = emulator.getScreenGrayscale if settings.grey else emulator.getScreenRGB
        screen = (*emulator.getScreenDims(), *(() if settings.grey else (3,)))
        self._shown = np.zeros((2, *screen), np.uint8)
        """The last two frames, the newest last."""
        self._generator = np.random.Generator(np.random.PCG64(0))
        self._last = NOTHING
        self.lives = 0
        self.steps = 0
        """Of the game so far."""
        self.score = 0.0
        """Of the game so far, as it counts itself."""

    @property
    def screen_shape(self) -> tuple[int, ...]:
        """(H, W), or (H, W, 3), of what is shown."""
        shape: tuple[int, ...] = self._shown.shape[1:]
        return shape

    def _set_switches(self) -> None:
        """Make the emulator new, and set the game's own switches."""
        self._emulator.restoreState(self._new)
        emulator, mode, difficulty = self._emulator, self.settings.mode, self.settings.difficulty
        if mode is not None:
            known = emulator.getAvailableModes()
            require(mode in known, f"mode={mode}", f"one of {known}, which the game has")
            emulator.setMode(mode)
        if difficulty is not None:
            known = emulator.getAvailableDifficulties()
            require(difficulty in known, f"difficulty={difficulty}", f"one of {known}, which the game has")
            emulator.setDifficulty(difficulty)

    def begin(self, seed: int) -> None:
        """A new game, which depends on its seed and on nothing that was played before.

        The emulator draws when the console is switched on, and twice in every frame: frames in which nobody plays yet
        are what makes its luck another one in each game.
        """
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._set_switches()
        for _ in range(int(self._generator.integers(LUCK))):
            self._emulator.act(NOTHING)
        self.steps, over = 0, True
        while over:
            self._emulator.reset_game()
            self.score, self._last = 0.0, NOTHING
            most = self.settings.noop_max
            for _ in range(int(self._generator.integers(1, most + 1)) if most else 0):
                self._frame(NOTHING)
            self._shown[0].fill(0)
            self._capture(self._shown[1])
            for action in self._start:
                self._hold(action)
            over = self._emulator.game_over()
        self.lives = self._emulator.lives()

    def step(self, action: int) -> Step:
        """One of our actions, held for the frames of a step."""
        before, score = self.lives, self.score
        self._hold(self.actions[action])
        self.steps += 1
        over, self.lives = self._emulator.game_over(), self._emulator.lives()
        return Step(self.score - score, 0 < self.lives < before and not over, over)

    def go_on(self) -> Step:
        """After a lost life: a step in which nothing is done, and what begins an episode."""
        score = self.score
        for action in (NOTHING, *self._start):
            self._hold(action)
        self.lives = self._emulator.lives()
        return Step(self.score - score, False, self._emulator.game_over())

    def show(self, screen: NDArray[np.uint8]) -> None:
        """Write what the last step shows: of each pixel the brighter one of its last two frames.

        Frames after the end of a game stay the last one, so that is what is shown then.
        """
        np.maximum(self._shown[0], self._shown[1], out=screen)

    def render(self) -> NDArray[np.uint8]:
        """(H, W, 3) what is on the screen now, in colour."""
        image: NDArray[np.uint8] = self._emulator.getScreenRGB()
        return image

    def _hold(self, action: int) -> None:
        """One step; the emulator does not move once the game is over."""
        frames = self.settings.frame_skip
        for frame in range(frames):
            self._frame(action)
            if frame >= frames - 2:
                self._capture(self._shown[frame - frames])

    def _frame(self, action: int) -> None:
        if self.settings.sticky and self._generator.random() < self.settings.sticky:
            action = self._last
        self._last = action
        self.score += self._emulator.act(action)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, as arrays and JSON values."""
        saved: bytes = self._emulator.cloneState(include_rng=True).serialize()
        return {
            "emulator": np.frombuffer(saved, np.uint8).copy(),
            "generator": self._generator.bit_generator.state,
            "last": self._last,
            "lives": self.lives,
            "steps": self.steps,
            "score": self.score,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken. The screen is as it was before until something is done."""
        self._emulator.restoreState(ale_py.ALEState(state["emulator"].tobytes()))
        self._generator.bit_generator.state = state["generator"]
        self._last, self.lives = state["last"], state["lives"]
        self.steps, self.score = state["steps"], state["score"]
