"""How to leave the valley with a force: push the way the car rolls already, so that every swing goes higher.

Made on the spot.

A rule of one line that reaches the goal from every start, at a price: it pushes as hard as it can all the way. So its
returns are worth less than what can be learned from them.
"""

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes
from palestra.datasets.recorded import register_episodes
from palestra.datasets.scripted import facts_of, played, source
from palestra.envs.registry import make_vec
from palestra.errors import require

ENV = "MountainCarContinuous-v0"
EPISODES = 10
"""In all about 1,000 steps."""


def with_the_car(obs_E: Tensor) -> Tensor:
    """Throttles (E, 1): all of it to the right where the velocity is not negative, else to the left."""
    return torch.where(obs_E[:, 1:] < 0, -1.0, 1.0)


def make(episodes: int = EPISODES, seed: int = 0) -> Episodes:
    """Episodes of that rule.

    Args:
        episodes: how many.
        seed: decides where they begin.
    """
    require(episodes >= 1, f"episodes={episodes}", "at least 1")
    env = make_vec(ENV, episodes)
    made = played(env, env.reset(seed), with_the_car, facts_of(env, ENV))
    made.facts["recorded"] = [source("pushes the way the car rolls", made)]
    return made


register_episodes("mountain-car-shown", make)
