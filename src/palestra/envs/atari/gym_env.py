"""One game of Atari's as a Gymnasium environment: an episode is a whole game. Needs ale-py."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs.atari.catalogue import MEASURED
from palestra.envs.atari.game import Game
from palestra.envs.atari.seen import pushed, repeated, small
from palestra.envs.atari.settings import FRAMES_A_SECOND, make_settings
from palestra.errors import require


class AtariEnv(gym.Env[Any, Any]):
    """A game as it is measured and filmed, with the chain of ``AtariSettings`` but for ends at lost lives.

    Args:
        game: its name in ale-py.
        render_mode: ``rgb_array`` for the screen in colour, as the emulator has it.
        **settings: those of ``AtariSettings``.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 15}  # noqa: RUF012 - Gymnasium's form

    def __init__(self, game: str, render_mode: str | None = None, **settings: Any):
        self.settings = chosen = make_settings(f"the game {game}", {**MEASURED, **settings})
        require(
            chosen.lives != "terminal", "lives='terminal' in an environment of Gymnasium's form, whose episodes are"
            " whole games", "lives='restart' or 'ignore', or backend='ale'",
        )  # fmt: skip
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": FRAMES_A_SECOND / chosen.frame_skip}
        self._game = Game(game, chosen)
        self._screen = np.zeros(self._game.screen_shape, np.uint8)
        self._obs = torch.zeros(1, *chosen.shape, dtype=torch.uint8)
        self.observation_space = spaces.Box(0, 255, chosen.shape, np.uint8)
        self.action_space = spaces.Discrete(len(self._game.actions))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """A new game: of that seed, or of one that is drawn."""
        super().reset(seed=seed)
        self._game.begin(int(self.np_random.integers(2**31)) if seed is None else seed)
        return self._seen(anew=True), {"lives": self._game.lives}

    def step(self, action: Any) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """One step of several frames; the score and length of the game are in the info."""
        reward, lost_life, over = self._game.step(int(action))
        anew = lost_life and self.settings.lives == "restart"
        if anew:
            more, _, over = self._game.go_on()
            reward += more
        info = {"lives": self._game.lives, "game_score": self._game.score, "game_steps": self._game.steps}
        return self._seen(anew=anew and not over), self.settings.clipped(reward), over, False, info

    def render(self) -> NDArray[np.uint8] | None:
        """(H, W, 3) the screen."""
        return self._game.render() if self.render_mode == "rgb_array" else None

    def _seen(self, *, anew: bool) -> NDArray[np.uint8]:
        self._game.show(self._screen)
        picture = small(self._screen[None], self.settings.size)
        self._obs = repeated(picture, self.settings.stack) if anew else pushed(self._obs, picture)
        return self._obs[0].numpy()

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, but for the generator of Gymnasium's."""
        return {"seen": self._obs[0].numpy().copy(), "game": self._game.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self._obs = torch.from_numpy(state["seen"].copy())[None]
        self._game.load_state_dict(state["game"])
