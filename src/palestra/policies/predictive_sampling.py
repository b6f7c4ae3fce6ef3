"""Predictive sampling: try some plans, and take the best (Howell et al. 2022, algorithm 1).

    plan <- argmin of the cost among plan, plan + noise_1, ..., plan + noise_K-1

The plan that there is competes too, so that what is meant to be done never becomes dearer by looking again. The least
that can be called planning, and hard to beat. All plans of all episodes go through the model in one batch.
"""

from typing import Any

from torch import Generator, Tensor

from palestra.engine.exhibit import Exhibit
from palestra.engine.policy import Policy
from palestra.envs.model import Model
from palestra.envs.vector import VectorEnv
from palestra.policies.candidates import SamplingConfig, chosen, costs, drawn, half_range
from palestra.policies.plans import Plans
from palestra.policies.shown import planned_episode


class PredictiveSampling(Policy):
    """Plans by the best of some draws, for bounded actions."""

    name = "predictive-sampling"
    config_type = SamplingConfig
    saves = ("plans",)
    derives = ("range",)
    episodes = ("plans",)

    def __init__(self, env: VectorEnv, config: Any = None, *, seed: int = 0):
        self.config: SamplingConfig = config or SamplingConfig()
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
        """The cheapest of some plans."""
        c, model = self.config, self.plans.model
        candidates = drawn(plan, c.deviation * self.range, c.samples, c.hold, model, generator)
        best = costs(model, state, candidates).argmin(1, keepdim=True)  # algorithm 1
        return chosen(candidates, best)[:, 0]

    def at_work(self, env: VectorEnv) -> list[Exhibit]:
        """One episode, and where plans on the way meant to go."""
        return planned_episode(self, env)
