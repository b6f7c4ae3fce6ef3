"""The random policy: what everything must beat."""

from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.policy import Policy
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError


class Random(Policy):
    """Draws every action uniformly."""

    name = "random"
    saves = ("sampling",)
    derives = ("evaluating",)

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        self.space, self.device = env.action_space, env.device
        if isinstance(self.space, spaces.Box) and not self.space.is_bounded():
            raise UsageError(
                f"random cannot draw uniformly from {self.space}; expected a space with bounds (ppo serves any)"
            )
        self.sampling = seeding.generator(seed, "actions", device=self.device)
        self.evaluating = seeding.generator(seed, "deterministic actions", device=self.device)

    def reset(self, num: int, *, seed: int) -> None:
        """Draw the actions that are asked for as deterministic from ``seed``."""
        self.evaluating = seeding.generator(seed, "actions", device=self.device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Random actions (B, ...); those asked for as deterministic come from a generator of their own."""
        generator = self.evaluating if deterministic else self.sampling
        space, num = self.space, len(seen)
        if isinstance(space, spaces.Box):
            low = torch.as_tensor(space.low, dtype=torch.float32, device=self.device)
            high = torch.as_tensor(space.high, dtype=torch.float32, device=self.device)
            uniform = torch.rand(num, *space.shape, generator=generator, device=self.device)
            return (low + uniform * (high - low)).clamp(low, high)  # rounding may pass a bound
        if isinstance(space, spaces.MultiBinary):
            return torch.randint(2, (num, *space.shape), generator=generator, device=self.device)
        counts = [space.n] if isinstance(space, spaces.Discrete) else space.nvec
        columns = [torch.randint(int(n), (num,), generator=generator, device=self.device) for n in counts]
        return columns[0] if isinstance(space, spaces.Discrete) else torch.stack(columns, 1)
