"""A finite process as a Gymnasium environment, with pictures where it has a board."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs.finite.grid_world import grid_world
from palestra.envs.finite.mdp import FiniteMDP, garnet

COLORS = {".": (248, 250, 252), "S": (219, 234, 254), "G": (134, 239, 172), "X": (252, 165, 165), "#": (51, 65, 85)}
_LINE, _AGENT = (203, 213, 225), (37, 99, 235)
_PICTURE, _LARGEST_CELL = 512, 64  # pixels


class FiniteEnv(gym.Env[np.int64, np.int64]):
    """Samples one copy of a finite process; observes the index of the state."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012 - Gymnasium's own form

    def __init__(self, mdp: FiniteMDP, render_mode: str | None = None) -> None:
        """``render_mode`` is None or "rgb_array"."""
        self.mdp = mdp
        self.render_mode = render_mode
        self.observation_space = spaces.Discrete(mdp.num_states)
        self.action_space = spaces.Discrete(mdp.num_actions)
        self.s = 0
        self._offset = mdp.offset.numpy()
        self._outcomes = tuple(x.numpy() for x in (mdp.probability, mdp.next_state, mdp.reward, mdp.terminated))
        self._start = mdp.start.numpy()
        self._board: NDArray[np.uint8] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Begin in a state drawn from the start distribution."""
        super().reset(seed=seed)
        self.s = int(self.np_random.choice(len(self._start), p=self._start))
        return np.int64(self.s), {}

    def step(self, action: Any) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Draw one outcome of an action."""
        pair = self.s * self.mdp.num_actions + int(action)
        outcomes = slice(self._offset[pair], self._offset[pair + 1])
        probability, next_state, reward, terminated = (x[outcomes] for x in self._outcomes)
        drawn = self.np_random.choice(len(probability), p=probability) if len(probability) > 1 else 0
        self.s = int(next_state[drawn])
        return np.int64(self.s), float(reward[drawn]), bool(terminated[drawn]), False, {}

    def render(self) -> NDArray[np.uint8] | None:
        """The board with the agent on it, (height, width, 3) RGB; None without a board or a render mode."""
        if self.render_mode is None or self.mdp.grid is None:
            return None
        rows, columns = self.mdp.grid.shape
        side = max(1, min(_LARGEST_CELL, _PICTURE // max(rows, columns)))
        if self._board is None:
            self._board = _draw_board(self.mdp.grid.tiles, rows, columns, side)
        picture = self._board.copy()
        top, left = (self.s // columns) * side, (self.s % columns) * side
        cell = picture[top : top + side, left : left + side]
        away = (np.arange(side) - (side - 1) / 2) ** 2
        cell[away[:, None] + away[None, :] <= max(0.25, (0.32 * side) ** 2)] = _AGENT
        return picture


def _draw_board(tiles: bytes, rows: int, columns: int, side: int) -> NDArray[np.uint8]:
    palette = np.full((256, 3), COLORS["."], np.uint8)
    for letter, color in COLORS.items():
        palette[ord(letter)] = color
    cells = palette[np.frombuffer(tiles, np.uint8).reshape(rows, columns)]
    board: NDArray[np.uint8] = cells.repeat(side, 0).repeat(side, 1)
    if side >= 8:
        board[::side], board[:, ::side] = _LINE, _LINE
    return np.pad(board, ((0, len(board) % 2), (0, board.shape[1] % 2), (0, 0)), mode="edge")  # films want even sides


class GridWorldEnv(FiniteEnv):
    """:func:`palestra.envs.finite.grid_world.grid_world` to be acted in."""

    def __init__(self, render_mode: str | None = None, **settings: Any) -> None:
        """``settings`` are those of ``grid_world``."""
        super().__init__(grid_world(**settings), render_mode)


class GarnetEnv(FiniteEnv):
    """:func:`palestra.envs.finite.mdp.garnet` to be acted in."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own form

    def __init__(self, render_mode: str | None = None, **settings: Any) -> None:
        """``settings`` are those of ``garnet``."""
        super().__init__(garnet(**settings), render_mode)
