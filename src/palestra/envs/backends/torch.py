"""Batched torch environments: every copy is a row of one tensor, and one step is a handful of tensor operations.

A subclass says only how an episode starts, how the state moves and what is seen of it; this file owns the time
limit, the same-step autoreset, the random generator and saving. A small batch spends its time on the fixed cost of
each tensor operation (about 0.7 us on a CPU), so a step does none that it can avoid: elapsed time is kept as the
step at which each episode began and looked at only when some copy can be at its limit, and copies are started anew
only when one has ended. Returned tensors may be shared with later results and with the environment; they are never
written again, and the caller must not write to them either.
"""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError, require


class TorchVectorEnv(VectorEnv):
    """A vector environment whose dynamics are tensor functions.

    A subclass sets ``observation_space``, ``action_space`` and ``max_episode_steps`` and defines ``initial_state``,
    ``transition`` and, where the observation is not the state itself, ``observe``. The state is one float32 tensor
    (num_envs, state_size). The stream of random numbers depends on the seed, ``num_envs`` and the kind of device.
    """

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        """Prepare ``num_envs`` copies on ``device``; ``reset`` or ``set_state`` starts them."""
        require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
        self.num_envs = num_envs
        self.device = torch.empty(0, device=device).device  # "cuda" made "cuda:0", as its tensors say
        self.generator = torch.Generator(self.device)
        with torch.inference_mode(False):  # shared by many results, some of which autograd may see
            self.never = torch.zeros(num_envs, dtype=torch.bool, device=self.device)
            """(num_envs,) bool, all false: what ``transition`` returns where an episode cannot terminate."""
            self._started = torch.zeros(num_envs, dtype=torch.int64, device=self.device)
        self._action_shape = torch.Size((num_envs, *(self.action_space.shape or ())))
        # Reading a value waits for an accelerator to finish, so there every step does the work of a reset instead.
        self._can_look = self.device.type == "cpu"
        self._state: Tensor | None = None
        self._clock = 0
        self._next_limit = 0

    @abstractmethod
    def initial_state(self, num: int) -> Tensor:
        """States (num, state_size) float32 in which episodes begin, drawn from ``self.generator``."""

    @abstractmethod
    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of every copy, without writing to its arguments.

        Returns the next state (num_envs, state_size), the reward (num_envs,) float32 and terminated (num_envs,) bool.
        """

    def observe(self, state: Tensor) -> Tensor:
        """The observation (num_envs, *obs_shape) of a state."""
        return state

    def observe_begun(self, state: Tensor, obs: Tensor, begun: Tensor) -> Tensor:
        """The observation of a state in which some copies have just begun an episode.

        ``obs`` is what was observed before they did; ``begun`` says which, by their numbers (B,) int64 or, on an
        accelerator, as a mask (num_envs,) bool. For environments that it pays not to observe whole a second time.
        """
        return self.observe(state)

    def reset(self, seed: int) -> Tensor:
        """Start every copy anew, all randomness from ``seed`` on. Returns obs (num_envs, *obs_shape)."""
        require(seed >= 0, f"seed={seed}", "a seed of at least 0")
        self.generator.manual_seed(seed)
        return self.set_state(self.initial_state(self.num_envs))

    def set_state(self, state: Tensor) -> Tensor:
        """Begin an episode of every copy in a given state (num_envs, state_size). Returns its observation."""
        require(len(state) == self.num_envs, f"{len(state)} states", f"one for each of {self.num_envs} copies")
        self._restore(state, torch.zeros(self.num_envs, dtype=torch.int64))
        return self.observe(state)

    def step(self, action: Tensor) -> StepResult:
        """Step every copy; see :meth:`palestra.envs.vector.VectorEnv.step`."""
        if self._state is None:
            raise PalestraError("step() was called before the environment was started; call reset(seed) first")
        if action.shape != self._action_shape:
            raise UsageError(f"actions of shape {tuple(action.shape)}; expected {tuple(self._action_shape)}")
        state, reward, terminated = self.transition(self._state, action)
        obs = self.observe(state)
        self._state = state
        self._clock += 1
        truncated, done = self.never, terminated
        if self.max_episode_steps is not None and self._clock >= self._next_limit:
            truncated = (self._started <= self._clock - self.max_episode_steps) & ~terminated
            done = terminated | truncated
            self._next_limit = self._earliest_limit(self._started.masked_fill(done, self._clock))
        if done is self.never:
            return StepResult(obs, reward, terminated, truncated, obs)
        if self._can_look:
            begun = done.nonzero()
            if begun.numel() == 0:
                return StepResult(obs, reward, terminated, truncated, obs)
            begun = begun.squeeze(1)
            self._state = state.index_copy(0, begun, self.initial_state(begun.numel()))
            self._started = self._started.index_fill(0, begun, self._clock)
        else:
            begun = done
            self._state = torch.where(done.unsqueeze(1), self.initial_state(self.num_envs), state)
            self._started = self._started.masked_fill(done, self._clock)
        return StepResult(self.observe_begun(self._state, obs, begun), reward, terminated, truncated, obs)

    def state_dict(self) -> dict[str, Any]:
        """The state, the elapsed steps of each copy and the generator's state; see ``VectorEnv.state_dict``."""
        if self._state is None:
            raise PalestraError("the environment was saved before it was started; call reset(seed) first")
        with torch.inference_mode(False):
            return {
                "state": self._state.clone(),
                "elapsed": self._clock - self._started,
                "generator": self.generator.get_state(),
            }

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue bit-identically where ``state_dict`` was taken, on the same kind of device."""
        saved: Tensor = state["state"]
        require(
            saved.shape[0] == self.num_envs,
            f"a saved state of {saved.shape[0]} copies for an environment of {self.num_envs}",
            "equal numbers; make the environment with the saved num_envs",
        )
        self.generator.set_state(state["generator"].cpu())
        self._restore(saved.to(self.device, copy=True), state["elapsed"])
        assert self._state is not None
        return Resumed(self.observe(self._state), self.never)

    def _restore(self, state: Tensor, elapsed: Tensor) -> None:
        self._state = state
        self._clock = 0
        self._started = -elapsed.to(self.device)
        self._next_limit = self._earliest_limit(self._started)

    def _earliest_limit(self, started: Tensor) -> int:
        """The clock before which no copy can be at its time limit; 0, which is always to check, if reading waits."""
        if self.max_episode_steps is None or not self._can_look:
            return 0
        return int(started.min()) + self.max_episode_steps
