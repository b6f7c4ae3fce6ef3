"""Model-predictive path integral control: every plan that is tried counts, the cheaper the more (Williams et al. 2017).

    w_k = exp(-(S_k - min S) / lambda) / sum of these,   S_k = cost of plan + noise_k
    plan <- sum_k w_k (plan + noise_k)

With lambda towards zero that is the best of the K plans, with a large one their mean. The costs of the world have a
price of effort already, so none is added (their alpha is 1). All plans of all episodes go through the model at once.
"""

from dataclasses import dataclass
from typing import Any

from torch import Generator, Tensor

from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.policies.candidates import SamplingConfig, costs, drawn, half_range
from palestra.policies.learned_model import model_of
from palestra.policies.planner import Planner
from palestra.policies.plans import Plans


@dataclass(frozen=True)
class MPPIConfig(SamplingConfig):
    """Settings of MPPI."""

    temperature: float = 1.0
    """Lambda, in units of the cost: how much dearer a plan is that counts a third as much."""
    iterations: int = 1
    """Draws a step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.temperature > 0, f"temperature={self.temperature}", "more than 0")
        require(self.iterations >= 1, f"iterations={self.iterations}", "at least 1")


class MPPI(Planner):
    """Plans by path integrals, for bounded actions."""

    name = "mppi"
    config_type = MPPIConfig

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0, model: Model | None = None):
        self.config: MPPIConfig = config or MPPIConfig()
        model = model or model_of(env, self.config.model)
        self.range = half_range(model)
        self.plans = Plans(model, self.config.horizon, seed=seed)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """The mean of plans, weighed by their costs."""
        c, model = self.config, self.plans.model
        for _ in range(c.iterations):
            candidates = drawn(plan, c.deviation * self.range, c.samples, c.hold, model, generator)
            weight = (-costs(model, state, candidates, generator) / c.temperature).softmax(1)  # Williams et al. 2017
            plan = (weight[None, :, :, None] * candidates).sum(2).transpose(0, 1)
        return plan
