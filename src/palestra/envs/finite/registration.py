"""Our finite environments under Gymnasium's ids.

``palestra.envs.registry`` registers them; ``gymnasium.make("palestra.envs.registry:palestra/GridWorld-v0")`` needs no
import before.
"""

from gymnasium.envs.registration import register, registry

ENTRY_POINTS = {
    "palestra/GridWorld-v0": "palestra.envs.finite.gym_env:GridWorldEnv",
    "palestra/Garnet-v0": "palestra.envs.finite.gym_env:GarnetEnv",
}
MAX_EPISODE_STEPS = 1_000
"""Of both, unless told otherwise: a bad policy need never reach the goal, and a random process never ends."""


def register_envs() -> None:
    """Make the ids known to ``gymnasium.make``; more than once does nothing."""
    for env_id, entry_point in ENTRY_POINTS.items():
        if env_id not in registry:
            register(env_id, entry_point, max_episode_steps=MAX_EPISODE_STEPS)
