"""How one world begins, moves and is seen, as functions of tensors: all that a batched world has to say of itself.

:class:`palestra.envs.backends.torch.TorchVectorEnv` makes a vector environment of it: it owns the time limit, the
same-step autoreset and saving.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from inspect import signature
from typing import Any

import gymnasium as gym
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.vector import GoalSpec
from palestra.errors import UsageError, require


class Dynamics(ABC):
    """The rules of ``num_envs`` copies of one world.

    A world sets ``observation_space`` and ``action_space`` and defines ``initial_state``, ``transition`` and, where the
    observation is not the state itself, ``observe``. The state is one tensor (num_envs, state_size). The stream of
    random numbers depends on the seed, ``num_envs`` and the kind of device.
    """

    observation_space: spaces.Box
    """Space of one copy's observation: float32 of any shape, or uint8 images."""
    action_space: spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Box
    """Space of one copy's action."""
    max_episode_steps: int | None = None
    """The time limit in steps, or None."""
    late_reward: float = 0.0
    """Added to the reward of a step that the time limit cuts."""
    goal: GoalSpec | None = None
    """For hindsight, where the observation holds goals."""
    state_names: tuple[str, ...] = ()
    """What the numbers of the state are called, where somebody has said so."""
    angles: tuple[int, ...] = ()
    """Which of them are angles, that a full turn leaves as they are."""
    draws_at_starts_alone: bool = False
    """Whether it is known that nothing is random but ``initial_state``, and that what is seen is of the present state
    alone: copies of several such worlds can then be stepped as one batch."""

    def __init__(self, num_envs: int, device: str | torch.device = "cpu") -> None:
        """For ``num_envs`` copies on ``device``."""
        require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
        self.num_envs = num_envs
        self.device = torch.empty(0, device=device).device  # "cuda" made "cuda:0", as its tensors say
        self.generator = torch.Generator(self.device)
        with torch.inference_mode(False):  # shared by many results, some of which autograd may see
            self.never = torch.zeros(num_envs, dtype=torch.bool, device=self.device)
            """(num_envs,) bool, all false: what ``transition`` returns where an episode cannot terminate."""

    @property
    def own_observation_space(self) -> gym.Space[Any]:
        """Space of what the same world shows as a Gymnasium environment, where that has a form of its own."""
        return self.observation_space

    @abstractmethod
    def initial_state(self, num: int) -> Tensor:
        """States (num, state_size) in which episodes begin, drawn from ``self.generator``."""

    def begin(self, begun: Tensor) -> Tensor:
        """The states (B, state_size) in which copies (B,) int64 begin anew."""
        return self.initial_state(begun.numel())

    @abstractmethod
    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of every copy, without writing to its arguments.

        Returns the next state (num_envs, state_size), the reward (num_envs,) float32 and terminated (num_envs,) bool.
        """

    def observe(self, state: Tensor) -> Tensor:
        """The observation (num_envs, *obs_shape) of the state that follows the one observed last."""
        return state

    def observe_begun(self, state: Tensor, obs: Tensor, begun: Tensor) -> Tensor:
        """The observation of a state in which some copies have just begun an episode.

        ``obs`` is what was observed before they did; ``begun`` says which, by their numbers (B,) int64 or, on an
        accelerator, as a mask (num_envs,) bool. For worlds that it pays not to observe whole a second time.
        """
        return self.observe(state)

    def observe_anew(self, state: Tensor) -> Tensor:
        """The observation of a state that follows from nothing seen before, which is forgotten."""
        return self.observe(state)

    def seen(self) -> dict[str, Any]:
        """What the next observation depends on besides the state, to be saved; nothing for most worlds."""
        return {}

    def observe_resumed(self, state: Tensor, seen: dict[str, Any]) -> Tensor:
        """The observation of a saved state; ``seen`` holds what :meth:`seen` gave for it."""
        return self.observe_anew(state)

    def state_from(self, obs: Tensor) -> Tensor:
        """The state (B, state_size) that each of some observations (B, *obs_shape) is of, for any number of them.

        Raises UsageError for worlds whose observation leaves something open, or that do not say how it is read.
        """
        given = f"{type(self).__name__}, whose observation is not its state"
        require(type(self).observe is Dynamics.observe, given, "a world that reads the one from the other (state_from)")
        return obs

    def resized(self, num_envs: int) -> "Dynamics":
        """The same rules for another number of copies.

        Raises UsageError for worlds with settings of their own that do not say how to do it.
        """
        plain = len(signature(type(self)).parameters) == 2
        require(plain, f"{type(self).__name__}, which has settings of its own", "a world that defines resized")
        return type(self)(num_envs, self.device)

    def joined(self, worlds: Sequence["Dynamics"]) -> "Dynamics":
        """The same rules for the copies of several worlds, as many each, laid end to end (:mod:`palestra.envs.joined`).

        Where a step draws random numbers, each world draws those of its own copies. Raises UsageError for a world that
        does not say how.
        """
        given = f"{type(self).__name__}, whose steps may draw random numbers"
        require(self.draws_at_starts_alone, given, "a world that draws where episodes begin alone, or defines joined")
        return self.resized(sum(world.num_envs for world in worlds))

    def begin_joined(self, worlds: Sequence["Dynamics"], counts: Sequence[int]) -> Tensor:
        """The states in which so many copies of each of several worlds begin anew, each drawing for its own."""
        return torch.cat([world.initial_state(count) for world, count in zip(worlds, counts) if count])

    def expert(self, state: Tensor) -> Tensor:
        """(num_envs, *action_shape) what somebody who knows the state would do, within the bounds.

        Raises UsageError where there is nobody.
        """
        raise UsageError(f"{type(self).__name__} has no expert; expected an environment with one, such as the arm's")
