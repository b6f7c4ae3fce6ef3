"""The scripted expert: acts by the environment's own, which knows the true state. What imitation has to come up to."""

from typing import Any

import gymnasium as gym

from palestra.engine.policy import Policy
from palestra.envs.vector import VectorEnv


class Expert(Policy):
    """Does what the expert of the world says that it acts in."""

    name = "expert"
    sees = "state"

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        env.expert()  # says so where there is none

    def act(self, seen: Any, *, deterministic: bool = True) -> Any:
        """The expert's actions (E, *action_shape) in a VectorEnv; in a Gymnasium environment its one, in its form."""
        return seen.get_wrapper_attr("expert")() if isinstance(seen, gym.Env) else seen.expert()
