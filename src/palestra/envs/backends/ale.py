"""Atari's games under the vector contract, over the emulator itself, so that they can be saved in the middle."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.atari.catalogue import is_atari, rom_of
from palestra.envs.atari.seen import pushed, repeated
from palestra.envs.atari.settings import make_settings
from palestra.envs.observed import Observed
from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError, require


class AleVectorEnv(VectorEnv):
    """Copies of one game, each with an emulator of its own, shared out among processes.

    An episode is what ``lives`` of the settings makes of a game: as a rule it ends with a life, while the game goes on.
    Of each game the environment reports ``game_score`` and ``game_steps``, whatever rewards were clipped to and
    wherever episodes ended. A game depends on the seed, the copy and the number of games before it, on nothing else.
    """

    def __init__(
        self,
        env_id: str,
        num_envs: int,
        device: str | torch.device = "cpu",
        env_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """``env_kwargs`` are those of ``AtariSettings``. UsageError for others, other games, or without ale-py."""
        require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
        if not is_atari(env_id):
            raise UsageError(f"backend 'ale' does not have the environment {env_id!r}; expected such as ALE/Pong-v5")
        rom, self.settings = rom_of(env_id), make_settings(env_id, env_kwargs or {})
        from palestra.envs.atari.apart import RowApart
        from palestra.envs.atari.row import Row, make_results  # imports ale-py, which is there

        processes = min(self.settings.processes or torch.get_num_threads(), max(1, num_envs // 2))
        ends = [num_envs * number // processes for number in range(processes + 1)]
        self._results = make_results(num_envs, self.settings)
        self._row = Row(rom, self.settings, 0, self._results.of(slice(ends[1])))
        self._apart = [
            RowApart(rom, self.settings, first, self._results.of(slice(first, end)))
            for first, end in pairwise(ends[1:])
        ]
        self._env_id, self.num_envs, self.device = env_id, num_envs, torch.device(device)
        self.observed = Observed(spaces.Box(0, 255, self.settings.shape, np.uint8), env_id)
        self.observation_space = self.observed.space
        self.action_space = spaces.Discrete(len(self._row.games[0].actions))
        self.max_episode_steps = self.settings.max_episode_steps
        self._root_seed: int | None = None
        self._obs = torch.zeros(0, dtype=torch.uint8)

    def _each(self, what: str, *args: Any) -> list[Any]:
        """What a method of every row returns, the first one's in this process."""
        try:
            for row in self._apart:
                row.ask(what, *args)
            return [getattr(self._row, what)(*args), *(row.answer() for row in self._apart)]
        except BaseException:
            self._root_seed = None  # some have done it, and others have not
            raise

    def reset(self, seed: int) -> Tensor:
        """Start every copy anew, all randomness from ``seed`` on. Returns obs (num_envs, *obs_shape)."""
        require(seed >= 0, f"seed={seed}", "a seed of at least 0")
        self._each("reset", seed)
        self._root_seed, self.reports = seed, ()
        self._obs = repeated(torch.from_numpy(self._results.first), self.settings.stack)
        return self._obs.to(self.device)

    def step(self, action: Tensor) -> StepResult:
        """Step every copy; see :meth:`palestra.envs.vector.VectorEnv.step`."""
        if self._root_seed is None:
            raise PalestraError("step() was called before the environment was started; call reset(seed) first")
        if action.shape != (self.num_envs,):
            raise UsageError(f"actions of shape {tuple(action.shape)}; expected {(self.num_envs,)}")
        self._results.action[:] = action.cpu().numpy()
        self._each("step")
        results, stack = self._results, self.settings.stack
        pictures = torch.from_numpy(results.picture)
        obs = final_obs = pushed(self._obs, pictures)
        if results.anew.any():
            anew = torch.from_numpy(results.anew)
            final_obs[anew] = repeated(pictures[anew], stack)
        ended = torch.from_numpy(results.terminated | results.truncated)
        if ended.any():
            obs = final_obs.clone()
            obs[ended] = repeated(torch.from_numpy(results.first)[ended], stack)
        self._obs, self.reports = obs, ()
        if results.over.any():
            self.reports = tuple(
                (copy, {"game_score": float(results.score[copy]), "game_steps": float(results.steps[copy])})
                for copy in np.flatnonzero(results.over).tolist()
            )
        return StepResult(
            obs.to(self.device),
            torch.tensor(results.reward, device=self.device),
            torch.tensor(results.terminated, device=self.device),
            torch.tensor(results.truncated, device=self.device),
            final_obs.to(self.device),
        )

    def state_dict(self) -> dict[str, Any]:
        """What is seen, and the whole state of each copy's emulator and of its luck."""
        if self._root_seed is None:
            raise PalestraError("the environment was saved before it was started; call reset(seed) first")
        states = [state for row in self._each("save") for state in row]
        with torch.inference_mode(False):
            games = {
                str(copy): {**state, "emulator": torch.from_numpy(state["emulator"])}
                for copy, state in enumerate(states)
            }
            return {"env_id": self._env_id, "root_seed": self._root_seed, "obs": self._obs.clone(), "games": games}

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue bit-identically where ``state_dict`` was taken, with the same settings; ``processes`` may differ."""
        games = state["games"]
        require(
            state["env_id"] == self._env_id and len(games) == self.num_envs,
            f"a saved state of {len(games)} copies of {state['env_id']!r} for {self.num_envs} of {self._env_id!r}",
            "the same environment and num_envs as saved",
        )
        saved = (games[str(copy)] for copy in range(self.num_envs))
        states = [{**each, "emulator": each["emulator"].cpu().numpy()} for each in saved]
        self._each("load", state["root_seed"], states)
        self._root_seed, self._obs, self.reports = state["root_seed"], state["obs"].cpu().clone(), ()
        return Resumed(self._obs.to(self.device), torch.zeros(self.num_envs, dtype=torch.bool, device=self.device))

    def close(self) -> None:
        """End the processes."""
        for row in self._apart:
            row.close()
