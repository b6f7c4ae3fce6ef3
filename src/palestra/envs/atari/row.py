"""Copies of a game that are stepped one after the other, and arrays for what comes of it."""

import mmap
from math import prod
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from palestra.envs.atari.game import Game
from palestra.envs.atari.seen import small
from palestra.envs.atari.settings import AtariSettings
from palestra.envs.episode_tape import episode_seed

Kind = TypeVar("Kind", bound=np.generic)


class Results(NamedTuple):
    """Of some copies: what they are to do, and what came of it."""

    action: NDArray[np.int64]
    """(E,) ours."""
    reward: NDArray[np.float32]
    """(E,) of the step."""
    terminated: NDArray[np.bool_]
    """(E,) the episode ended."""
    truncated: NDArray[np.bool_]
    """(E,) the episode was cut."""
    anew: NDArray[np.bool_]
    """(E,) it goes on from a picture that nothing went before."""
    over: NDArray[np.bool_]
    """(E,) the game is over or cut."""
    score: NDArray[np.float64]
    """(E,) of such a game."""
    steps: NDArray[np.int64]
    """(E,) of the same."""
    picture: NDArray[np.uint8]
    """(E, C, H, W) that the step led to."""
    first: NDArray[np.uint8]
    """(E, C, H, W) that the next episode begins with, where one does."""

    def of(self, copies: slice) -> "Results":
        """Those of some of the copies, in the same memory."""
        return Results._make(array[copies] for array in self)


def make_results(copies: int, settings: AtariSettings) -> Results:
    """Room for so many copies, which processes share that are forked from this one."""
    kinds = (np.int64, np.float32, np.bool_, np.bool_, np.bool_, np.bool_, np.float64, np.int64)
    picture = (copies, settings.channels, settings.size, settings.size)
    pictures = (_shared(picture, np.uint8) for _ in range(2))
    return Results._make((*(_shared((copies,), kind) for kind in kinds), *pictures))


def _shared(shape: tuple[int, ...], kind: type[Kind]) -> NDArray[Kind]:
    """Zeros."""
    return np.frombuffer(mmap.mmap(-1, prod(shape) * np.dtype(kind).itemsize), kind).reshape(shape)


class Row:
    """Some copies of a game.

    Args:
        rom: name of the game in ale-py.
        settings: of the chain.
        first: the number of the first copy among all of them.
        results: of these copies.
    """

    def __init__(self, rom: str, settings: AtariSettings, first: int, results: Results):
        self.settings, self.first, self.results = settings, first, results
        self.games = [Game(rom, settings) for _ in results.reward]
        self._screens = np.zeros((len(self.games), *self.games[0].screen_shape), np.uint8)
        self._root_seed = 0
        self._begun = [-1] * len(self.games)
        """The number of each copy's game, the first being 0."""

    def reset(self, seed: int) -> None:
        """The first game of every copy."""
        self._root_seed, self._begun = seed, [-1] * len(self.games)
        for copy in range(len(self.games)):
            self._begin(copy)
        self._show_first(list(range(len(self.games))))

    def step(self) -> None:
        """Do what the actions say, and begin an episode where one has ended."""
        settings, results, ended = self.settings, self.results, []
        for copy, (game, action) in enumerate(zip(self.games, results.action.tolist())):
            reward, lost_life, over = game.step(action)
            anew = lost_life and settings.lives == "restart"
            if anew:
                more, _, over = game.go_on()
                reward += more
            game.show(self._screens[copy])
            late = game.steps >= settings.max_episode_steps
            ends = over or (lost_life and settings.lives == "terminal")
            results.reward[copy] = settings.clipped(reward)
            results.terminated[copy], results.truncated[copy] = ends, late and not ends
            results.anew[copy], results.over[copy] = anew and not over, over or late
            if ends or late:
                ended.append(copy)
        results.picture[...] = small(self._screens, settings.size)
        if ended:
            self._begin_episodes(ended)

    def _begin_episodes(self, copies: list[int]) -> None:
        """Begin an episode in some copies, with a new game in those whose game is over."""
        results = self.results
        for copy in copies:
            game = self.games[copy]
            if results.over[copy] or game.go_on().over:
                results.over[copy] = True
                results.score[copy], results.steps[copy] = game.score, game.steps
                self._begin(copy)
        self._show_first(copies)

    def _begin(self, copy: int) -> None:
        """The next game of a copy."""
        self._begun[copy] += 1
        self.games[copy].begin(episode_seed(self._root_seed, self.first + copy, self._begun[copy]))

    def _show_first(self, copies: list[int]) -> None:
        for copy in copies:
            self.games[copy].show(self._screens[copy])
        self.results.first[copies] = small(self._screens[copies], self.settings.size)

    def save(self) -> list[dict[str, Any]]:
        """The whole state of each copy, as arrays and JSON values."""
        return [{**game.state_dict(), "begun": begun} for game, begun in zip(self.games, self._begun)]

    def load(self, seed: int, states: list[dict[str, Any]]) -> None:
        """Go on where ``save`` was called, with the states of all copies, of which these are some."""
        own = states[self.first : self.first + len(self.games)]
        self._root_seed, self._begun = seed, [state["begun"] for state in own]
        for game, state in zip(self.games, own, strict=True):
            game.load_state_dict(state)
