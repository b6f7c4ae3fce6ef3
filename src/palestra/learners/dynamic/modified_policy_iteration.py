r"""Modified policy iteration (Puterman & Shin 1978, https://doi.org/10.1287/mnsc.24.11.1127): evaluate a little only.

    pi(s) <- argmax_a q_k(s, a),    v_{k+1} = (T_pi)^m v_k

T_pi is the backup under the policy alone, which looks at one action in place of all. m = 1 is value iteration and
m without end policy iteration; in between, most sweeps cost a fraction of value iteration's.
"""

from dataclasses import dataclass
from typing import Any

import torch

from palestra.engine.learner import Metrics
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.dynamic.dynamic_program import DynamicProgram, DynamicProgramConfig
from palestra.ops import bellman


@dataclass(frozen=True)
class ModifiedPolicyIterationConfig(DynamicProgramConfig):
    """Settings of modified policy iteration."""

    evaluation_sweeps: int = 10
    """m: backups of every state under one policy, the first of them the one that finds it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.evaluation_sweeps >= 1, f"evaluation_sweeps={self.evaluation_sweeps}", "at least 1")


class ModifiedPolicyIteration(DynamicProgram):
    """Alternates between improving a policy everywhere and evaluating it for a few sweeps."""

    name = "modified-policy-iteration"
    config_type = ModifiedPolicyIterationConfig
    config: ModifiedPolicyIterationConfig

    def __init__(
        self,
        env: str | World,
        config: ModifiedPolicyIterationConfig | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(env, config, seed=seed, device=device)
        self.spare_Z = self.value_Z.clone()

    def step(self) -> Metrics:
        """One improvement, which is the first sweep under the new policy, and the others under it."""
        d, gamma = self.dynamics, self.config.gamma
        best = self.q_values().max(0)  # Puterman & Shin 1978: pi(s) = argmax_a q_k(s, a)
        residual = float((best.values - self.value_S).abs().amax())
        self.value_Z = torch.cat((best.values, best.values.new_zeros(1)))  # T_pi v_k = T v_k
        if residual > self.threshold:
            followed = bellman.under(d, best.indices)
            for _ in range(self.config.evaluation_sweeps - 1):  # (T_pi)^(m - 1)
                bellman.sweep(followed, self.value_Z, gamma, out_Z=self.spare_Z, block=self.block)
                self.value_Z, self.spare_Z = self.spare_Z, self.value_Z
        self.clock += self.config.evaluation_sweeps
        return self.report(residual)

    def progress(self) -> dict[str, Any]:
        """Nothing: the policy is found anew from the values."""
        return {}

    def load_progress(self, state: dict[str, Any]) -> None:
        """Nothing to take back."""
