"""CartPole as three scripted controllers play it, one well and two badly; a fifth of the steps are of the good one.

Made on the spot.

All three push to where the pole is going to lean; they differ in what they take for upright, and one does not see how
fast it falls. Every tenth action of theirs is drawn by chance, so that no two episodes are alike.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.datasets.episodes import Episodes, first_episodes, joined
from palestra.datasets.recorded import register_episodes
from palestra.envs.registry import make_vec
from palestra.envs.space_json import space_to_json

ENV = "CartPole-v1"
STEPS = 500
"""After which CartPole's own limit ends an episode."""
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
    env = make_vec(ENV, 1)
    spaces = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
    sources = [
        {"about": each.about, "episodes": each.episodes, "return_mean": float(part.returns.mean())}
        for each, part in zip(CONTROLLERS, recorded)
    ]
    return joined(recorded, {"env": ENV, "env_kwargs": {}, "spaces": spaces, "recorded": sources})


def _played(controller: Controller, seed: int) -> Episodes:
    env, rng = make_vec(ENV, controller.episodes), torch.Generator().manual_seed(seed)
    weights, obs, steps = torch.tensor(controller.weights), env.reset(seed), list[tuple[Tensor, ...]]()
    running = torch.ones(env.num_envs, dtype=torch.bool)
    while running.any() and len(steps) < STEPS:
        own = ((obs * weights).sum(1) + controller.bias > 0).long()
        drawn = torch.randint(2, own.shape, generator=rng)
        action = torch.where(torch.rand(own.shape, generator=rng) < BY_CHANCE, drawn, own)
        result = env.step(action)
        steps.append((obs, action, result.reward, result.terminated, result.truncated, result.final_obs))
        running = running & ~(result.terminated | result.truncated)
        obs = result.obs
    seen, done, reward, terminated, truncated, next_obs = (torch.stack(column).numpy() for column in zip(*steps))
    return first_episodes(seen, done, reward, terminated, truncated, next_obs, {})


register_episodes("cartpole-mixed", make)
