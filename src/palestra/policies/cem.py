"""The cross-entropy method as a planner: try plans, and draw the next ones like the best (Rubinstein 1999).

    plan_k ~ Normal(mean, deviation^2),   k = 1 ... K
    mean, deviation <- those of the plans with the lowest cost, the elites;  again

All plans of all episodes go through the model in one batch.
"""

from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor

from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.policies.candidates import SamplingConfig, chosen, costs, drawn, half_range
from palestra.policies.learned_model import model_of
from palestra.policies.planner import Planner
from palestra.policies.plans import Plans


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


class CEM(Planner):
    """Plans by the cross-entropy method, for bounded actions."""

    name = "cem"
    config_type = CEMConfig

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0, model: Model | None = None):
        self.config: CEMConfig = config or CEMConfig()
        model = model or model_of(env, self.config.model)
        self.range = half_range(model)
        self.plans = Plans(model, self.config.horizon, seed=seed)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """The mean of the last elites."""
        c, model, deviation = self.config, self.plans.model, self.config.deviation * self.range
        for _ in range(c.iterations):
            candidates = drawn(plan, deviation, c.samples, c.hold, model, generator)
            elite = costs(model, state, candidates, generator).topk(c.elites, largest=False).indices
            elites = chosen(candidates, elite)
            plan = elites.mean(1)  # Rubinstein 1999, section 3
            deviation = elites.std(1, correction=0).clamp(min=c.narrowest * self.range)
        return plan
