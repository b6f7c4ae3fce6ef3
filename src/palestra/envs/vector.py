"""The vector-environment contract: many copies of one environment stepped together, on torch tensors.

Every backend obeys it exactly; ``tests/contract/test_vector_envs.py`` drives each through the same probes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.masks import ActionMask
from palestra.envs.observed import Observed
from palestra.envs.reports import Numbers
from palestra.errors import UsageError


class StepResult(NamedTuple):
    """What one step of every copy returns. All tensors have ``num_envs`` as their first dimension.

    They are never written again, so they need no copy; they may be shared, so the caller does not write to them.
    """

    obs: Tensor
    """(num_envs, *obs_shape): the observation to act on next. Where an episode ended on this step it is already
    the first one of the next episode (same-step autoreset)."""
    reward: Tensor
    """(num_envs,) float32: reward of this step."""
    terminated: Tensor
    """(num_envs,) bool: the episode reached a terminal state; nothing follows, so its value is zero."""
    truncated: Tensor
    """(num_envs,) bool: the episode was cut (time limit) in a state that is not terminal; bootstrap from
    ``final_obs``. Never true together with ``terminated``."""
    final_obs: Tensor
    """(num_envs, *obs_shape): the observation that this step led to, before any reset. Equals ``obs`` where no
    episode ended, so it is the true successor of every transition."""


class Resumed(NamedTuple):
    """What restoring a saved environment gives back."""

    obs: Tensor
    """(num_envs, *obs_shape): the observation to act on next."""
    restarted: Tensor
    """(num_envs,) bool: copies whose episode could not be restored exactly and began anew."""


class GoalSpec(NamedTuple):
    """Where goals lie in a flat observation, and what achieving one of them is worth."""

    achieved: slice
    """Numbers of an observation that say what its state has achieved."""
    desired: slice
    """Numbers that say what is to be achieved, as many."""
    reward: Callable[[Tensor, Tensor], tuple[Tensor, Tensor | None]]
    """Achieved and desired goals (B, G) to reward (B,) float32 and terminated (B,) bool, None where goals end nothing
    or nobody says what they end: then a transition ends what it ended."""


class VectorEnv(ABC):
    """Many copies of one environment, stepped together."""

    num_envs: int
    """Number of copies."""
    observation_space: spaces.Box
    """Space of one copy's observation: float32 of any shape, or uint8 images."""
    observed: Observed
    """How the environment itself shows what it shows, and that brought to the contract's form."""
    action_space: spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Box
    """Space of one copy's action, as the environment defines it (a Discrete may start anywhere)."""
    device: torch.device
    """Where the tensors live."""
    max_episode_steps: int | None
    """The time limit in steps, or None."""
    goal: GoalSpec | None = None
    """For hindsight, where the observation holds goals."""
    mask: ActionMask | None = None
    """Where the observation says which actions are allowed."""
    reports: tuple[tuple[int, Numbers], ...] = ()
    """Of the last step: each copy whose episode ended there, with the numbers in the info of its last step, if any."""

    @abstractmethod
    def reset(self, seed: int) -> Tensor:
        """Start every copy anew, all randomness from ``seed`` on. Returns obs (num_envs, *obs_shape)."""

    @abstractmethod
    def step(self, action: Tensor) -> StepResult:
        """Step every copy.

        ``action`` is (num_envs,) int64 counted from 0 for Discrete (the backend adds the space's start),
        (num_envs, n) int64 counted from 0 for MultiDiscrete, (num_envs, *shape) int64 of 0 and 1 for MultiBinary,
        (num_envs, *shape) float32 for Box, inside the bounds (the caller clips).
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as nested dicts of tensors and JSON values."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue where ``state_dict`` was taken, as exactly as the backend can."""

    def expert(self) -> Tensor:
        """(num_envs, *action_shape) what somebody who knows the true state would do next, within the bounds.

        Raises UsageError where there is nobody.
        """
        raise UsageError(f"{type(self).__name__} has no expert; expected an environment with one, such as the arm's")

    def close(self) -> None:  # noqa: B027 - most backends hold nothing to release
        """Release processes and memory."""
