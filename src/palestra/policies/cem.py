"""The cross-entropy method as a planner: try plans, and draw the next ones like the best (Rubinstein 1999).

    plan_k ~ Normal(mean, deviation^2),   k = 1 ... K
    mean, deviation <- those of the plans with the lowest cost, the elites;  again

All plans of all episodes go through the model in one batch.
"""

from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor

from palestra.engine.exhibit import Exhibit
from palestra.engine.policy import Policy
from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.policies.candidates import SamplingConfig, chosen, costs, drawn, half_range
from palestra.policies.plans import Plans
from palestra.policies.shown import planned_episode


@dataclass(frozen=True)
class CEMConfig(SamplingConfig):
    """Settings of the cross-entropy method."""

    elites: int = 8
    """Plans that the next ones are drawn like."""
    iterations: int = 3
    """Draws a step, each like the elites of the one before."""
    narrowest: float = 0.05
    """Standard deviation below which it never falls, in halves of the range."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(2 <= self.elites <= self.samples, f"elites={self.elites}", f"2 to samples={self.samples}")
        require(self.iterations >= 1, f"iterations={self.iterations}", "at least 1")
        require(self.narrowest >= 0, f"narrowest={self.narrowest}", "0 or more")


class CEM(Policy):
    """Plans by the cross-entropy method, for bounded actions."""

    name = "cem"
    config_type = CEMConfig
    saves = ("plans",)
    derives = ("range",)
    episodes = ("plans",)

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        self.config: CEMConfig = config or CEMConfig()
        model = Model(env)
        self.range = half_range(model)
        self.plans = Plans(model, self.config.horizon, seed=seed)

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes; all that is drawn in them comes from ``seed``."""
        self.plans = self.plans.begun(num, seed=seed)

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """Go on from what was planned."""
        self.plans.told(done)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """First actions of plans; another number of episodes begins them anew."""
        if len(seen) != len(self.plans):
            self.reset(len(seen), seed=0)
        return self.plans.act(seen, self.improved)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """The mean of the last elites."""
        c, model, deviation = self.config, self.plans.model, self.config.deviation * self.range
        for _ in range(c.iterations):
            candidates = drawn(plan, deviation, c.samples, c.hold, model, generator)
            elite = costs(model, state, candidates).topk(c.elites, largest=False).indices
            elites = chosen(candidates, elite)
            plan = elites.mean(1)  # Rubinstein 1999, section 3
            deviation = elites.std(1, correction=0).clamp(min=c.narrowest * self.range)
        return plan

    def at_work(self, env: VectorEnv) -> list[Exhibit]:
        """One episode, and where plans on the way meant to go."""
        return planned_episode(self, env)
