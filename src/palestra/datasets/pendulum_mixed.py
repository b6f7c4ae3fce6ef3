"""Pendulum as three scripted controllers play it, one well and two badly; a fifth of the steps are of the good one.

Made on the spot.

All three pump until the pendulum has as much energy as they want it to have, and try to hold it where they think it
balances. One has both right. One is content with too little energy and never comes up. One comes up and pushes the
wrong way there. A part of the actions of each is drawn by chance, so that more is tried than three rules would do.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes, joined
from palestra.datasets.recorded import register_episodes
from palestra.datasets.scripted import facts_of, played, source
from palestra.envs.classic.pendulum import GRAVITY, MAX_TORQUE
from palestra.envs.registry import make_vec

ENV = "Pendulum-v1"
BY_CHANCE = 0.3
"""Share of the actions."""
UPRIGHT = 0.8
"""Cosine of the angle within which a controller tries to hold."""


class Controller(NamedTuple):
    """Pumps energy where the pendulum hangs, and pulls towards the top where it is near."""

    about: str
    """What becomes of it."""
    energy: float
    """As a share of what the pendulum has that stands still at the top."""
    pull: float
    """Torque for the sine of the angle, near the top; negative towards it."""
    episodes: int
    """How many it plays."""

    def act(self, obs_E: Tensor) -> Tensor:
        """Torques (E, 1)."""
        cosine, sine, velocity = obs_E.unbind(1)
        top = 1.5 * GRAVITY
        lacking = self.energy * top - (velocity.square() / 2 + top * cosine)
        pumping = MAX_TORQUE * torch.sign(lacking) * torch.where(velocity < 0, -1.0, 1.0)
        holding = self.pull * sine - 2.0 * velocity
        return torch.where(cosine > UPRIGHT, holding, pumping).clamp(-MAX_TORQUE, MAX_TORQUE)[:, None]


CONTROLLERS = (
    Controller("swings up and holds", 1.0, -10.0, 20),
    Controller("is content to swing below", 0.0, -10.0, 40),
    Controller("swings up and falls over", 1.0, 10.0, 40),
)


def make() -> Episodes:
    """The episodes of all controllers, one controller after the other."""
    recorded = [_played(controller, seed) for seed, controller in enumerate(CONTROLLERS)]
    sources = [source(each.about, part) for each, part in zip(CONTROLLERS, recorded)]
    return joined(recorded, {**recorded[0].facts, "recorded": sources})


def _played(controller: Controller, seed: int) -> Episodes:
    env, rng = make_vec(ENV, controller.episodes), torch.Generator().manual_seed(seed)

    def act(obs: Tensor) -> Tensor:
        own = controller.act(obs)
        drawn = (2.0 * torch.rand(own.shape, generator=rng) - 1.0) * MAX_TORQUE
        return torch.where(torch.rand(own.shape, generator=rng) < BY_CHANCE, drawn, own)

    return played(env, env.reset(seed), act, facts_of(env, ENV))


register_episodes("pendulum-mixed", make)
