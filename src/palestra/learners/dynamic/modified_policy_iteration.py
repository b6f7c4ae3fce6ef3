r"""Modified policy iteration (Puterman & Shin 1978, https://doi.org/10.1287/mnsc.24.11.1127): evaluate a little only.

    pi(s) <- argmax_a q_k(s, a),    v_{k+1} = (T_pi)^m v_k

T_pi is the backup under the policy alone, which looks at one action in place of all. m = 1 is value iteration and
m without end policy iteration; in between, most sweeps cost a fraction of value iteration's.
"""

from dataclasses import dataclass

import torch

from palestra.engine.agent import Agent
from palestra.engine.arena import Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.dynamic.values import DynamicConfig, Values, dynamic_arena
from palestra.measure import Metrics
from palestra.ops import bellman


@dataclass(frozen=True)
class ModifiedPolicyIterationConfig(DynamicConfig):
    """Settings of modified policy iteration."""

    evaluation_sweeps: int = 10
    """m: backups of every state under one policy, the first of them the one that finds it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.evaluation_sweeps >= 1, f"evaluation_sweeps={self.evaluation_sweeps}", "at least 1")


class ModifiedPolicyIteration(Agent, Learner):
    """Alternates between improving a policy everywhere and evaluating it for a few sweeps."""

    name = "modified-policy-iteration"
    config_type = ModifiedPolicyIterationConfig
    clock_unit = "sweeps"
    saves = ("policy",)
    derives = ("spare_X",)
    config: ModifiedPolicyIterationConfig
    policy: Values

    def __init__(
        self,
        source: Given,
        config: ModifiedPolicyIterationConfig | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(source, config, seed=seed, device=device)
        self.env = self.world.make(device=self.device)
        self.policy = v = Values(self.world, self.env, self.config)
        self.spare_X = v.value_X.clone()

    def step(self) -> Metrics:
        """One improvement, which is the first sweep under the new policy, and the others under it."""
        v, gamma = self.policy, self.config.gamma
        best = v.q_values().max(0)  # Puterman & Shin 1978: pi(s) = argmax_a q_k(s, a)
        residual = float((best.values - v.value_S).abs().amax())
        v.value_X = torch.cat((best.values, best.values.new_zeros(1)))  # T_pi v_k = T v_k
        if residual > v.threshold:
            followed = bellman.under(v.dynamics, best.indices)
            for _ in range(self.config.evaluation_sweeps - 1):  # (T_pi)^(m - 1)
                bellman.sweep(followed, v.value_X, gamma, out_X=self.spare_X, block=v.block)
                v.value_X, self.spare_X = self.spare_X, v.value_X
        self.clock += self.config.evaluation_sweeps
        self.finished = residual <= v.threshold
        return v.report(self.clock, residual)

    def make_arena(self) -> Arena:
        """Without observations as long as there are states where they can be done without."""
        return dynamic_arena(self.world, self.device, self.policy.mdp.num_states)

    def exhibits(self) -> list[Exhibit]:
        """Values, best actions, and how the value of the start came."""
        return self.policy.exhibits(f"{self.world.id}, {self.name}")
