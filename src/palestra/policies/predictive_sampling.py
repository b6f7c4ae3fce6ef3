"""Predictive sampling: try some plans, and take the best (Howell et al. 2022, algorithm 1).

    plan <- argmin of the cost among plan, plan + noise_1, ..., plan + noise_K-1

The plan that there is competes too, so that what is meant to be done never becomes dearer by looking again. The least
that can be called planning, and hard to beat. All plans of all episodes go through the model in one batch.
"""

from typing import Any

from torch import Generator, Tensor

from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.policies.candidates import SamplingConfig, chosen, costs, drawn, half_range
from palestra.policies.learned_model import model_of
from palestra.policies.planner import Planner
from palestra.policies.plans import Plans


class PredictiveSampling(Planner):
    """Plans by the best of some draws, for bounded actions."""

    name = "predictive-sampling"
    config_type = SamplingConfig

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0, model: Model | None = None):
        self.config: SamplingConfig = config or SamplingConfig()
        model = model or model_of(env, self.config.model)
        self.range = half_range(model)
        self.plans = Plans(model, self.config.horizon, seed=seed)

    def improved(self, state: Tensor, plan: Tensor, generator: Generator) -> Tensor:
        """The cheapest of some plans."""
        c, model = self.config, self.plans.model
        candidates = drawn(plan, c.deviation * self.range, c.samples, c.hold, model, generator)
        best = costs(model, state, candidates, generator).argmin(1, keepdim=True)  # algorithm 1
        return chosen(candidates, best)[:, 0]
