"""The scripted expert: acts by the environment's own, which knows the true state. What imitation has to come up to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium as gym
from torch import Tensor, nn

from palestra.data.rollout import collect
from palestra.engine.agent import Agent, restart_notes
from palestra.measure import Metrics
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError, require


@dataclass(frozen=True)
class ExpertConfig(AlgorithmConfig):
    """Settings of the scripted expert."""

    default_num_envs: ClassVar[int] = 8

    num_steps: int = 128
    """Steps of each environment between reports."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")


class Expert(Agent):
    """Does what the environment's expert says, and learns nothing."""

    name = "expert"
    config_type = ExpertConfig
    config: ExpertConfig

    def __init__(self, env: Any, config: ExpertConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        try:
            self.env.expert()
        except UsageError as error:
            raise UsageError(f"expert knows nothing of {self.world.id!r}: {error}") from error
        self._modules = nn.ModuleDict()

    @property
    def modules(self) -> nn.Module:
        """None."""
        return self._modules

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Raises UsageError: what to do cannot be told from observations."""
        raise UsageError("the expert acts by the true state, not by observations; expected evaluate() or step()")

    def policy_in(self, env: VectorEnv) -> Callable[[Tensor], Tensor]:
        """The expert of that environment, whatever is observed."""
        return lambda obs: env.expert()

    def decide(self, obs: Any, env: gym.Env[Any, Any]) -> Any:
        """What the expert of that environment says, whatever is observed."""
        return env.get_wrapper_attr("expert")()

    def step(self) -> Metrics:
        """Act for ``num_steps`` steps."""
        rollout, self.obs = collect(self.env, self.policy_in(self.env), self.obs, self.config.num_steps)
        self.clock += rollout.reward.numel()
        self.episodes.add(rollout.reward, rollout.done)
        return self.episodes.metrics()

    def state_dict(self) -> dict[str, Any]:
        """Environments and the unfinished episodes."""
        return self.world_state()

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        return restart_notes(self.load_world_state(state))
