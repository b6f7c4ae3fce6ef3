"""Recorded episodes to learn from, in the world that they were recorded in or in one like it."""

import numpy as np

from palestra.datasets.episodes import Episodes
from palestra.datasets.recorded import load_episodes
from palestra.envs.space_json import space_to_json
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError, require


def lessons(
    name: str, world: World, env: VectorEnv, algorithm: str, *, setting: str = "data", rewards: bool = False
) -> Episodes:
    """Recorded episodes of that name or in that file.

    Args:
        name: of the episodes, or where they are.
        world: in which is learned.
        env: copies of it.
        algorithm: that learns.
        setting: that names the episodes.
        rewards: whether it learns from rewards too, which are those of no other world.

    Raises UsageError where a world shows or takes something else than was recorded, or pays for something else.
    """
    episodes = load_episodes(name)
    ours = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
    other = "with other spaces" if episodes.facts["spaces"] != ours else ""
    if not other and rewards and episodes.facts["env"] != world.id:
        other = "where rewards may be for something else"
    if other:
        raise UsageError(
            f"{algorithm} in {world.id!r} with {setting}={name}, which was recorded in {episodes.facts['env']!r}"
            f" {other}; expected episodes of this world: palestra record-episodes RUN --to FILE, and {setting}=FILE"
        )
    return episodes


def best(episodes: Episodes, share: float) -> Episodes:
    """So large a share of the episodes, those of the largest returns, in their order; one at least."""
    require(0 < share <= 1, f"best_share={share}", "a share above 0, to 1")
    count = max(1, round(share * len(episodes.ends)))
    order = np.argsort(-episodes.returns, kind="stable")[:count]
    return episodes if count == len(episodes.ends) else episodes.of(np.sort(order))
