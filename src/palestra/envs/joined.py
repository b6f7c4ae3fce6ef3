"""Copies of several worlds stepped as one batch, for learners that are trained together.

Every world keeps its own generator and draws from it exactly what it would have drawn by itself, in the same order: the
luck of a copy does not depend on who is stepped beside it. Between :meth:`Joined.gather` and :meth:`Joined.scatter` the
worlds stand still; after it they stand where they would have come to one by one, up to the rounding of a larger batch.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import torch
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.dynamics import Dynamics
from palestra.envs.vector import StepResult, VectorEnv
from palestra.errors import UsageError, require


class JoinedDynamics(Dynamics):
    """The rules of one kind for copies that are several worlds', laid end to end.

    Args:
        worlds: of the same rules, each of as many copies.
    """

    def __init__(self, worlds: Sequence[Dynamics]):
        first = worlds[0]
        super().__init__(sum(world.num_envs for world in worlds), first.device)
        self.worlds, self.copies = worlds, first.num_envs
        self.rules = first.joined(worlds)
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self.max_episode_steps, self.late_reward = first.max_episode_steps, first.late_reward
        self.never = self.rules.never

    @property
    def own_observation_space(self) -> gym.Space[Any]:
        """As the worlds'."""
        return self.rules.own_observation_space

    def initial_state(self, num: int) -> Tensor:
        """Every world's, each drawing its own; ``num`` is all of the copies."""
        return torch.cat([world.initial_state(self.copies) for world in self.worlds])

    def begin(self, begun: Tensor) -> Tensor:
        """Each world draws for those of its own copies that begin, and not at all where none does."""
        counts = torch.bincount(begun // self.copies, minlength=len(self.worlds)).tolist()
        return self.rules.begin_joined(self.worlds, counts)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step of all copies."""
        return self.rules.transition(state, action)

    def observe(self, state: Tensor) -> Tensor:
        """The observations of all copies."""
        return self.rules.observe(state)

    def observe_begun(self, state: Tensor, obs: Tensor, begun: Tensor) -> Tensor:
        """The observations of all copies, where some have begun anew."""
        return self.rules.observe_begun(state, obs, begun)


class Joined:
    """Worlds as one. ``env`` is the batch of all their copies, those of the first world first.

    Args:
        worlds: batched worlds of one kind on the CPU, of as many copies each. Raises UsageError for others.
    """

    def __init__(self, worlds: Sequence[VectorEnv]):
        self.worlds = [checked(world) for world in worlds]
        self.env = TorchVectorEnv(JoinedDynamics([world.dynamics for world in self.worlds]))

    def reset(self, seeds: Sequence[int]) -> Tensor:
        """Start every world anew, each from a seed of its own. Returns obs (num_envs, *obs_shape)."""
        obs = torch.cat([world.reset(seed) for world, seed in zip(self.worlds, seeds, strict=True)])
        self.gather()
        return obs

    def gather(self) -> None:
        """Stand where the worlds stand."""
        self.env.stand(torch.cat([world.state for world in self.worlds]), torch.cat([w.elapsed for w in self.worlds]))

    def step(self, action: Tensor) -> StepResult:
        """Step every copy of every world."""
        return self.env.step(action)

    def scatter(self) -> None:
        """Let every world stand where its copies have come to."""
        copies = self.worlds[0].num_envs
        parts = zip(self.worlds, self.env.state.split(copies), self.env.elapsed.split(copies), strict=True)
        for world, state, elapsed in parts:
            world.stand(state, elapsed)


def checked(world: VectorEnv) -> TorchVectorEnv:
    """A world whose copies can be stepped beside another's. Raises UsageError for any other."""
    if not isinstance(world, TorchVectorEnv):
        raise UsageError(
            f"a world of {type(world).__name__}; expected one of tensors, such as CartPole-v1, Acrobot-v1,"
            " CliffWalking-v1, FrozenLake-v1 or palestra/GridWorld-v0 without settings that only Gymnasium's has"
        )
    require(world.device.type == "cpu", f"device {world.device}", "cpu, where each world's luck is drawn")
    world.dynamics.joined([world.dynamics])
    return world
