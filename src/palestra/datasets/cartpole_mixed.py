"""CartPole as three scripted controllers play it, one well and two badly; a fifth of the steps are of the good one.

Made on the spot.

All three push to where the pole is going to lean; they differ in what they take for upright, and one does not see how
fast it falls. Every tenth action of theirs is drawn by chance, so that no two episodes are alike.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes, joined
from palestra.datasets.recorded import register_episodes
from palestra.datasets.scripted import facts_of, played, source
from palestra.envs.registry import make_vec

ENV = "CartPole-v1"
BY_CHANCE = 0.1
"""Share of the actions."""


class Controller(NamedTuple):
    """Pushes right where a weighted sum of what it sees is positive, else left."""

    about: str
    """What becomes of it."""
    weights: tuple[float, float, float, float]
    """Of the cart's place and speed, and of the pole's angle and spin."""
    bias: float
    """Added to that sum."""
    episodes: int
    """How many it plays."""


CONTROLLERS = (
    Controller("balances to the end, wherever on the track", (0.01, 0.05, 1.0, 0.3), 0.0, 20),
    Controller("takes a lean for upright, and runs off the track", (0.0, 0.2, 1.0, 0.4), 0.1, 80),
    Controller("sees the angle alone, and swings it ever wider", (0.0, 0.0, 1.0, 0.0), 0.0, 480),
)
"""About 21,000 steps of each of those that play badly, and 10,000 of the one that plays well: a fifth of all."""


def make() -> Episodes:
    """The episodes of all controllers, one controller after the other."""
    recorded = [_played(controller, seed) for seed, controller in enumerate(CONTROLLERS)]
    sources = [source(each.about, part) for each, part in zip(CONTROLLERS, recorded)]
    return joined(recorded, {**recorded[0].facts, "recorded": sources})


def _played(controller: Controller, seed: int) -> Episodes:
    env, rng = make_vec(ENV, controller.episodes), torch.Generator().manual_seed(seed)
    weights = torch.tensor(controller.weights)

    def act(obs: Tensor) -> Tensor:
        own = ((obs * weights).sum(1) + controller.bias > 0).long()
        drawn = torch.randint(2, own.shape, generator=rng)
        return torch.where(torch.rand(own.shape, generator=rng) < BY_CHANCE, drawn, own)

    return played(env, env.reset(seed), act, facts_of(env, ENV))


register_episodes("cartpole-mixed", make)
