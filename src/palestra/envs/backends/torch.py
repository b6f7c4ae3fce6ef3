"""Batched torch environments: every copy is a row of one tensor, and one step is a handful of tensor operations.

A :class:`~palestra.envs.dynamics.Dynamics` says only how an episode starts, how the state moves and what is seen of it;
this file owns the time limit, the same-step autoreset and saving. A small batch spends its time on the fixed cost of
each tensor operation (about 0.7 us on a CPU), so a step does none that it can avoid: elapsed time is kept as the
step at which each episode began and looked at only when some copy can be at its limit, and copies are started anew
only when one has ended. Returned tensors may be shared with later results and with the environment; they are never
written again, and the caller must not write to them either.
"""

from typing import Any

import torch
from torch import Tensor

from palestra.envs.dynamics import Dynamics
from palestra.envs.observed import Observed
from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError, require


class TorchVectorEnv(VectorEnv):
    """The vector environment of a world whose dynamics are tensor functions."""

    def __init__(self, dynamics: Dynamics) -> None:
        """Prepare the copies that ``dynamics`` is for; ``reset`` or ``set_state`` starts them."""
        self.dynamics = dynamics
        self.num_envs, self.device = dynamics.num_envs, dynamics.device
        self.observation_space, self.action_space = dynamics.observation_space, dynamics.action_space
        self.observed = Observed(dynamics.own_observation_space)
        self.max_episode_steps, self.goal = dynamics.max_episode_steps, dynamics.goal
        with torch.inference_mode(False):
            self._started = torch.zeros(self.num_envs, dtype=torch.int64, device=self.device)
        self._action_shape = torch.Size((self.num_envs, *(self.action_space.shape or ())))
        # Reading a value waits for an accelerator to finish, so there every step does the work of a reset instead.
        self._can_look = self.device.type == "cpu"
        self._state: Tensor | None = None
        self._clock = 0
        self._next_limit = 0

    @property
    def state(self) -> Tensor:
        """(num_envs, state_size) the present state. Raises PalestraError before the start."""
        if self._state is None:
            raise PalestraError("the environment was looked at before it was started; call reset(seed) first")
        return self._state

    def reset(self, seed: int) -> Tensor:
        """Start every copy anew, all randomness from ``seed`` on. Returns obs (num_envs, *obs_shape)."""
        require(seed >= 0, f"seed={seed}", "a seed of at least 0")
        self.dynamics.generator.manual_seed(seed)
        return self.set_state(self.dynamics.initial_state(self.num_envs))

    def set_state(self, state: Tensor) -> Tensor:
        """Begin an episode of every copy in a given state (num_envs, state_size). Returns its observation."""
        require(len(state) == self.num_envs, f"{len(state)} states", f"one for each of {self.num_envs} copies")
        self.stand(state, torch.zeros(self.num_envs, dtype=torch.int64))
        return self.dynamics.observe_anew(state)

    def step(self, action: Tensor) -> StepResult:
        """Step every copy; see :meth:`palestra.envs.vector.VectorEnv.step`."""
        if self._state is None:
            raise PalestraError("step() was called before the environment was started; call reset(seed) first")
        if action.shape != self._action_shape:
            raise UsageError(f"actions of shape {tuple(action.shape)}; expected {tuple(self._action_shape)}")
        dynamics = self.dynamics
        state, reward, terminated = dynamics.transition(self._state, action)
        obs = dynamics.observe(state)
        self._state = state
        self._clock += 1
        truncated, done = dynamics.never, terminated
        if self.max_episode_steps is not None and self._clock >= self._next_limit:
            truncated = (self._started <= self._clock - self.max_episode_steps) & ~terminated
            done = terminated | truncated
            self._next_limit = self._earliest_limit(self._started.masked_fill(done, self._clock))
            if dynamics.late_reward:
                reward = reward + dynamics.late_reward * truncated
        if done is dynamics.never:
            return StepResult(obs, reward, terminated, truncated, obs)
        if self._can_look:
            begun = done.nonzero()
            if begun.numel() == 0:
                return StepResult(obs, reward, terminated, truncated, obs)
            begun = begun.squeeze(1)
            self._state = state.index_copy(0, begun, dynamics.begin(begun))
            self._started = self._started.index_fill(0, begun, self._clock)
        else:
            begun = done
            self._state = torch.where(done.unsqueeze(1), dynamics.initial_state(self.num_envs), state)
            self._started = self._started.masked_fill(done, self._clock)
        return StepResult(dynamics.observe_begun(self._state, obs, begun), reward, terminated, truncated, obs)

    def state_dict(self) -> dict[str, Any]:
        """The state, the elapsed steps of each copy, the generator's state and what the dynamics have seen."""
        if self._state is None:
            raise PalestraError("the environment was saved before it was started; call reset(seed) first")
        with torch.inference_mode(False):
            return {
                "state": self._state.clone(),
                "elapsed": self.elapsed,
                "generator": self.dynamics.generator.get_state(),
                **self.dynamics.seen(),
            }

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue bit-identically where ``state_dict`` was taken, on the same kind of device."""
        saved: Tensor = state["state"]
        require(
            saved.shape[0] == self.num_envs,
            f"a saved state of {saved.shape[0]} copies for an environment of {self.num_envs}",
            "equal numbers; make the environment with the saved num_envs",
        )
        self.dynamics.generator.set_state(state["generator"].cpu())
        self.stand(saved.to(self.device, copy=True), state["elapsed"])
        return Resumed(self.dynamics.observe_resumed(self.state, state), self.dynamics.never)

    def expert(self) -> Tensor:
        """What somebody who knows the present state would do; see :meth:`palestra.envs.vector.VectorEnv.expert`."""
        return self.dynamics.expert(self.state)

    @property
    def elapsed(self) -> Tensor:
        """(num_envs,) int64 steps that the episode of each copy has taken."""
        return self._clock - self._started

    def stand(self, state: Tensor, elapsed: Tensor) -> None:
        """Go on from a state (num_envs, state_size) that copies came to in so many steps (num_envs,) int64."""
        self._state = state
        self._clock = 0
        self._started = -elapsed.to(self.device)
        self._next_limit = self._earliest_limit(self._started)

    def _earliest_limit(self, started: Tensor) -> int:
        """The clock before which no copy can be at its time limit; 0, which is always to check, if reading waits."""
        if self.max_episode_steps is None or not self._can_look:
            return 0
        return int(started.min()) + self.max_episode_steps
