"""The smallest policy: it learns nothing, and balances CartPole by pushing to where the pole leans."""

from typing import Any

from torch import Tensor

from palestra.engine.policy import Policy
from palestra.envs.vector import VectorEnv


class Lean(Policy):
    """Pushes right if the pole will soon lean to the right."""

    name = "lean"

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        self.action_space = env.action_space

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        angle, speed = seen[:, 2], seen[:, 3]
        return (angle + 0.5 * speed > 0).long()
