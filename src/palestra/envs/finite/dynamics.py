"""Copies of a finite process stepped together: a step is a few look-ups, however many copies there are."""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.dynamics import Dynamics
from palestra.envs.finite.catalogue import finite_mdp, is_whole
from palestra.envs.finite.mdp import FiniteMDP
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError

_Outcomes = tuple[Tensor | None, Tensor, Tensor, Tensor]
_Arrays = tuple[NDArray[Any] | None, NDArray[Any], NDArray[Any], NDArray[Any]]


class FiniteDynamics(Dynamics):
    """Samples from a finite process. The state is one int64 index (num_envs, 1).

    Observations are one-hot, (num_envs, S) float32, as those of any Discrete space under the contract. A learner that
    wants the indices themselves asks :func:`show_indices` and gets (num_envs,) int64; :func:`state_index` reads both.
    """

    shows_state: ClassVar[bool] = True
    """Whether an observation tells which state it is of."""

    def __init__(
        self,
        mdp: FiniteMDP,
        num_envs: int,
        device: str | torch.device = "cpu",
        max_episode_steps: int | None = None,
    ) -> None:
        """``max_episode_steps`` is the time limit, None for none."""
        super().__init__(num_envs, device)
        self.mdp = mdp
        self.drawing = [self.generator]
        """Whose luck the steps are: of joined worlds, each one's for its own copies."""
        self._one_hot = True
        self.observation_space = spaces.Box(0.0, 1.0, (mdp.num_states,))
        self.action_space = spaces.Discrete(mdp.num_actions)
        self.max_episode_steps = max_episode_steps
        self._only_start = int(mdp.start.argmax()) if float(mdp.start.max()) == 1.0 else None

    @property
    def own_observation_space(self) -> gym.Space[Any]:
        """The states, counted from 0."""
        return spaces.Discrete(self.mdp.num_states)

    def show_indices(self) -> None:
        """From now on observe states as indices (num_envs,) int64, not as rows of zeros with a one in them."""
        self._one_hot = False
        self.observation_space = spaces.Box(0, self.mdp.num_states - 1, (), np.int64)

    def initial_state(self, num: int) -> Tensor:
        """Indices (num, 1) int64 drawn from the start distribution."""
        if self._only_start is not None:
            return torch.full((num, 1), self._only_start, device=self.device)
        return torch.searchsorted(self._start, self._uniform(num), right=True).unsqueeze(1)

    def joined(self, worlds: Sequence[Dynamics]) -> Dynamics:
        """The same process for the copies of several worlds; each draws the outcomes of its own copies."""
        joined = copy(self)
        joined.num_envs = sum(world.num_envs for world in worlds)
        joined.never = torch.zeros(joined.num_envs, dtype=torch.bool, device=self.device)
        joined.drawing = [world.generator for world in worlds]
        return joined

    def begin_joined(self, worlds: Sequence[Dynamics], counts: Sequence[int]) -> Tensor:
        """As any, but where there is nothing to draw, at once."""
        if self._only_start is not None:
            return self.initial_state(sum(counts))
        return super().begin_joined(worlds, counts)

    def _uniform(self, num: int) -> Tensor:
        """(num,) float64 in [0, 1), of 24 bits: added to the number of any row it stays below the next."""
        if len(self.drawing) == 1:
            return torch.rand(num, device=self.device, generator=self.drawing[0]).double()
        share = num // len(self.drawing)
        return torch.cat([torch.rand(share, generator=each) for each in self.drawing]).double()

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One outcome each. The states are indices (num_envs, 1)."""
        if self._arrays is not None:
            return self._looked_up(state, action, *self._arrays)
        outcome = state.squeeze(1) * self.mdp.num_actions + action
        ladder, next_state, reward, terminated = self._outcomes
        if ladder is not None:
            outcome = torch.searchsorted(ladder, outcome + self._uniform(len(state)), right=True)
        return next_state[outcome].unsqueeze(1), reward[outcome], terminated[outcome]

    @cached_property
    def _start(self) -> Tensor:
        """(S,) float64, what a first state is drawn by."""
        with torch.inference_mode(False):
            return _ladder(self.mdp.start, torch.tensor([0, self.mdp.num_states]), self.device)

    @cached_property
    def _outcomes(self) -> _Outcomes:
        """What an outcome is drawn by (None where there is nothing to draw), and what it holds.

        Made at the first step: planning takes none, and of ten million states this is a gigabyte and more.
        """
        mdp, device = self.mdp, self.device
        with torch.inference_mode(False):
            ladder = None if mdp.is_deterministic else _ladder(mdp.probability, mdp.offset, device)
            return ladder, mdp.next_state.to(device), mdp.reward.float().to(device), mdp.terminated.to(device)

    @cached_property
    def _arrays(self) -> _Arrays | None:
        """The same memory as arrays, where NumPy can look into it."""
        if self.device.type != "cpu":
            return None
        ladder, next_state, reward, terminated = self._outcomes
        return None if ladder is None else ladder.numpy(), next_state.numpy(), reward.numpy(), terminated.numpy()

    def _looked_up(
        self, state: Tensor, action: Tensor, ladder: NDArray[Any] | None, *held: NDArray[Any]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``transition`` by NumPy, which looks up a few hundred numbers in a third of PyTorch's time: the same bits."""
        outcome = state.numpy()[:, 0] * self.mdp.num_actions + action.numpy()
        if ladder is not None:
            outcome = ladder.searchsorted(outcome + self._uniform(len(outcome)).numpy(), "right")
        next_state, reward, terminated = (torch.from_numpy(array.take(outcome)) for array in held)
        return next_state.unsqueeze(1), reward, terminated

    def observe(self, state: Tensor) -> Tensor:
        """One-hot rows (num_envs, S) float32; the indices (num_envs,) int64 after ``show_indices``."""
        if not self._one_hot:
            return state.squeeze(1)
        rows = torch.zeros(len(state), self.mdp.num_states, device=self.device)
        return rows.scatter_(1, state, 1.0)


def show_indices(env: VectorEnv) -> None:
    """Let an environment of a finite process observe indices from now on; any other goes on as it was."""
    if isinstance(env, TorchVectorEnv) and isinstance(env.dynamics, FiniteDynamics):
        env.dynamics.show_indices()
        env.observation_space = env.dynamics.observation_space


def process_of(env: VectorEnv) -> FiniteMDP | None:
    """The finite process that an environment samples from, where it is known and its states are what is observed."""
    if isinstance(env, TorchVectorEnv) and isinstance(env.dynamics, FiniteDynamics) and env.dynamics.shows_state:
        return env.dynamics.mdp
    return None


def state_index(obs: Tensor) -> Tensor:
    """The states (...,) int64 in one-hot observations (..., S), or in what is already indices (...,) int64."""
    return obs.argmax(-1) if obs.is_floating_point() else obs


def make_finite_vec(
    env_id: str, num_envs: int, device: str | torch.device = "cpu", env_kwargs: Mapping[str, Any] | None = None
) -> TorchVectorEnv:
    """The batched form of an id of ``catalogue.FINITE``, with the time limit that Gymnasium gives it.

    ``env_kwargs`` are the environment's settings and ``max_episode_steps`` (-1 for none). Raises as ``finite_mdp``.
    """
    settings = dict(env_kwargs or {})
    if not is_whole(env_id, settings):
        raise UsageError(f"backend 'torch' cannot have {env_id!r} with {settings}; use backend='sync' for them")
    return process_vec(finite_mdp(env_id, settings), num_envs, device, time_limit_of(env_id, settings))


def process_vec(
    mdp: FiniteMDP, num_envs: int, device: str | torch.device, max_episode_steps: int | None
) -> TorchVectorEnv:
    """So many copies of a finite process."""
    return TorchVectorEnv(FiniteDynamics(mdp, num_envs, device, max_episode_steps))


def time_limit_of(env_id: str, env_kwargs: Mapping[str, Any]) -> int | None:
    """The time limit that Gymnasium gives an id with these settings."""
    limit: int | None = env_kwargs.get("max_episode_steps", gym.spec(env_id).max_episode_steps)
    return None if limit == -1 else limit


def _ladder(probability_N: Tensor, offset: Tensor, device: torch.device) -> Tensor:
    """(N,) float64: in row r, r plus the cumulative probabilities, so that searching r + u finds r's outcome for u.

    An outcome of probability zero is as high as the one before, so it is never the first above. A row ends at r + 1 but
    for rounding, which is far below the step of 2^-24 between u and 1: no u finds another row's.
    """
    row = torch.repeat_interleave(offset.diff())
    total = probability_N.cumsum(0)
    before = torch.cat((total.new_zeros(1), total))[offset[:-1]]
    return total.sub_(before[row]).clamp_(max=1.0).add_(row).to(device)
