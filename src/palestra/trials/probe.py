"""A batch that is the same at every checkpoint of a training, sent through what was learned, for whoever watches it."""

from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import aside
from palestra.envs.vector import VectorEnv
from palestra.errors import PalestraError, UsageError
from palestra.measure import Measure
from palestra.policies.random import Random

ROWS = 256
"""Of data."""
COPIES, STEPS = 4, 16
"""Of a world, and of the steps made in each by chance."""


def send_probe(learner: Learner) -> None:
    """Send rows of its data, or observations of its world, through a learner's networks.

    Of data these are rows of the validation split, or of what it fits where there is none; of a world, what is seen by
    who acts at random from the first episode on. Its policy acts on them, and its critics judge. Where there is no such
    batch (the world is not here, say) nothing is sent. Its generators may be drawn from.
    """
    if isinstance(learner.source, Dataset):
        for split in ("", "train"):
            measure = Measure(count=ROWS, split=split)
            with suppress(UsageError):
                learner.check_measurable(measure)
                learner.measured(measure)
                return
    elif isinstance(learner, Agent) and learner.policy.sees == "observation":
        try:
            env = learner.arena().make_env(COPIES, "")
        except PalestraError:  # the world is not here
            return
        try:
            _judged(learner, _observations(env))
        finally:
            env.close()


def _observations(env: VectorEnv) -> Tensor:
    """(B, *obs_shape) that are seen by acting at random, or the first ones where nobody can."""
    seen = [env.reset(0)]
    try:
        chance = Random(env, seed=0)
    except PalestraError:
        return seen[0]
    chance.reset(env.num_envs, seed=0)
    for _ in range(STEPS if env.mask is None else 0):  # by chance, what is not allowed would be chosen too
        seen.append(env.step(chance.act(seen[-1])).obs)
    return torch.cat(seen)


def _judged(learner: Any, obs: Tensor) -> None:
    """Let it act on observations, and say what they are worth, and so its actions."""
    with aside(learner.policy):
        learner.policy.reset(len(obs), seed=0)
        action = learner.policy.act(obs)
    if hasattr(learner.policy, "values"):
        learner.policy.values(obs)
    critics = getattr(learner, "critics", None)
    if critics is not None:
        features = learner.encoder.see(obs)
        of_actions = action.is_floating_point()
        critics(torch.cat((features, action.flatten(1)), 1) if of_actions else features)
