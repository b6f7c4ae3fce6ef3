"""Evaluation of a policy: exactly so many whole episodes, none of them favoured for being short."""

from collections.abc import Callable

import torch
from torch import Tensor

from palestra.data.rollout import Report, collect
from palestra.engine.signals import give_up_if_asked
from palestra.envs.reports import Numbers
from palestra.envs.vector import VectorEnv

CHUNK = 16
"""Steps between looks at which episodes have ended: a look costs about as much as a step."""
MAX_STEPS = 10_000
"""After which an episode is cut that a world without a time limit has not ended."""


def run_episodes(
    policy: Callable[[Tensor], Tensor],
    env: VectorEnv,
    *,
    seed: int,
    max_steps: int = MAX_STEPS,
    cut: list[int] | None = None,
    reports: dict[int, Numbers] | None = None,
    told: Callable[[Tensor, Tensor, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """The first episode of every copy of ``env``.

    Each copy contributes one episode, so that no short episode is counted twice while a long one is still running.

    Args:
        policy: (E, *obs_shape) observations to (E, ...) actions.
        env: the environments; they are reset with ``seed``.
        seed: of the environments.
        max_steps: an episode that is longer is cut here.
        cut: is given the copies whose episode was.
        reports: is given, by copy, what the environment said of its episode.
        told: is told of each step, as :func:`palestra.data.rollout.collect` does.

    Returns:
        returns and lengths, (E,) float64 and int64.

    Raises GivenUp between two steps if a stop has been asked for.
    """
    return run_from(policy, env, env.reset(seed), max_steps=max_steps, cut=cut, reports=reports, told=told)


def run_from(
    policy: Callable[[Tensor], Tensor],
    env: VectorEnv,
    obs: Tensor,
    *,
    max_steps: int = MAX_STEPS,
    cut: list[int] | None = None,
    reports: dict[int, Numbers] | None = None,
    told: Callable[[Tensor, Tensor, Tensor], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """``run_episodes`` in environments that have just been reset, from what they observe (E, *obs_shape)."""

    def act(obs: Tensor) -> Tensor:
        give_up_if_asked()
        return policy(obs)

    returns_E = torch.zeros(env.num_envs, dtype=torch.float64, device=env.device)
    lengths_E = torch.zeros(env.num_envs, dtype=torch.int64, device=env.device)
    running_E = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)
    for taken in range(0, max_steps, CHUNK):
        said: list[Report] = []
        rollout, obs = collect(env, act, obs, min(CHUNK, max_steps - taken), reports=said, told=told)
        ended_TE = rollout.done.cumsum(0) > 0
        before_TE = torch.cat((torch.zeros_like(ended_TE[:1]), ended_TE[:-1]))
        first_TE = running_E & ~before_TE  # steps of each copy's first episode, its last one included
        for step, copy, numbers in said:
            if reports is not None and first_TE[step, copy]:
                reports[copy] = numbers
        returns_E += (rollout.reward.double() * first_TE).sum(0)
        lengths_E += first_TE.sum(0)
        running_E = running_E & ~ended_TE[-1]
        if not running_E.any():
            break
    if cut is not None:
        cut += running_E.nonzero().flatten().tolist()
    return returns_E.cpu(), lengths_E.cpu()
