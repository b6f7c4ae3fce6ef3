"""Rollouts: T consecutive steps of E environments under one policy."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.envs.reports import Numbers
from palestra.envs.vector import VectorEnv


class Report(NamedTuple):
    """What an environment said of an episode that ended."""

    step: int
    """Row of the rollout in which it ended."""
    copy: int
    """Column."""
    numbers: Numbers
    """In the info of its last step."""


class Rollout(NamedTuple):
    """What happened, time first. Ordinary tensors, fit for autograd."""

    obs: Tensor
    """(T, E, *obs_shape) acted on."""
    action: Tensor
    """(T, E, ...) as the policy gave it, before any clipping."""
    reward: Tensor
    """(T, E) float32."""
    terminated: Tensor
    """(T, E) bool."""
    truncated: Tensor
    """(T, E) bool."""
    next_obs: Tensor
    """(T, E, *obs_shape): the true successors (``StepResult.final_obs``), never a reset observation."""

    @property
    def done(self) -> Tensor:
        """(T, E) bool: the episode ended here, for either reason."""
        return self.terminated | self.truncated


def collect(
    env: VectorEnv,
    policy: Callable[[Tensor], Tensor],
    obs: Tensor,
    num_steps: int,
    to_env: Callable[[Tensor], Tensor] | None = None,
    reports: list[Report] | None = None,
    told: Callable[[Tensor, Tensor, Tensor], None] | None = None,
) -> tuple[Rollout, Tensor]:
    """Act for ``num_steps`` steps.

    Args:
        env: the environments.
        policy: (E, *obs_shape) observations to (E, ...) actions.
        obs: (E, *obs_shape) the current observations.
        num_steps: T.
        to_env: applied to an action on its way into the environment only (clipping to bounds).
        reports: is added to, whatever environments say of their episodes, the earliest first.
        told: is told after each step what was done, (E, ...), the rewards (E,) and which episodes ended, (E,) bool.

    Returns:
        The rollout, and the observations to go on from.
    """
    seen, actions, results = [], [], []
    with torch.inference_mode():
        for t in range(num_steps):
            action = policy(obs)
            result = env.step(action if to_env is None else to_env(action))
            seen.append(obs)
            actions.append(action)
            results.append(result)
            if env.reports and reports is not None:
                reports += (Report(t, copy, numbers) for copy, numbers in env.reports)
            if told is not None:
                told(action, result.reward, result.terminated | result.truncated)
            obs = result.obs
    # Outside inference mode a new tensor made from inference tensors is an ordinary one.
    _, *outcome = zip(*results)
    rollout = Rollout(torch.stack(seen), torch.stack(actions), *map(torch.stack, outcome))
    return rollout, obs.clone()
