"""The random agent: what everything must beat."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.data.rollout import collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.measure import Evaluation, Metrics
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import UsageError, require


@dataclass(frozen=True)
class RandomConfig(AlgorithmConfig):
    """Settings of the random agent."""

    default_num_envs: ClassVar[int] = 8

    num_steps: int = 128
    """Steps of each environment between reports."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")


class Random(Agent):
    """Draws every action uniformly and learns nothing."""

    name = "random"
    config_type = RandomConfig
    config: RandomConfig

    def __init__(self, env: Any, config: RandomConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        space = self.env.action_space
        if isinstance(space, spaces.Box) and not space.is_bounded():
            raise UsageError(
                f"random cannot draw uniformly from {space}; expected a space with bounds (ppo serves any)"
            )
        self._modules = nn.ModuleDict()
        self.sampling = seeding.generator(seed, "actions", device=self.device)
        self.greedy = seeding.generator(seed, "deterministic actions", device=self.device)

    @property
    def modules(self) -> nn.Module:
        """None."""
        return self._modules

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Random actions (B, ...); those asked for as deterministic come from a generator of their own."""
        generator = self.greedy if deterministic else self.sampling
        space, num = self.env.action_space, len(obs_BF)
        if isinstance(space, spaces.Box):
            low = torch.as_tensor(space.low, dtype=torch.float32, device=self.device)
            high = torch.as_tensor(space.high, dtype=torch.float32, device=self.device)
            uniform = torch.rand(num, *space.shape, generator=generator, device=self.device)
            return (low + uniform * (high - low)).clamp(low, high)  # rounding may pass a bound
        counts = [space.n] if isinstance(space, spaces.Discrete) else space.nvec
        columns = [torch.randint(int(n), (num,), generator=generator, device=self.device) for n in counts]
        return columns[0] if isinstance(space, spaces.Discrete) else torch.stack(columns, 1)

    def evaluate(self, *, episodes: int = 100, seed: int = 0, reference: bool = False) -> Evaluation:
        """As every agent does, with the actions drawn from ``seed`` as well."""
        before, self.greedy = self.greedy, seeding.generator(seed, "actions", device=self.device)
        try:
            return super().evaluate(episodes=episodes, seed=seed, reference=reference)
        finally:
            self.greedy = before

    def step(self) -> Metrics:
        """Act for ``num_steps`` steps."""
        rollout, self.obs = collect(
            self.env, lambda obs: self.act(obs, deterministic=False), self.obs, self.config.num_steps
        )
        self.clock += rollout.reward.numel()
        self.episodes.add(rollout.reward, rollout.done)
        return self.episodes.metrics()

    def state_dict(self) -> dict[str, Any]:
        """Generator, environments and the unfinished episodes."""
        return {
            **self.world_state(),
            "sampling": self.sampling.get_state(),
            "greedy": self.greedy.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self.sampling.set_state(state["sampling"])
        self.greedy.set_state(state["greedy"])
        return restart_notes(restarted_E)
