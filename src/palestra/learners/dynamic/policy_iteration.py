r"""Policy iteration (Howard 1960; Sutton & Barto 2018, section 4.3): evaluate a policy, make it greedy, repeat.

    evaluate:  v(s)  <- sum_a pi(a | s) sum_{s'} p(s' | s, a) (r + gamma v(s'))       (Sutton & Barto 2018, eq. 4.5)
               or at once, v = (I - gamma P_pi)^-1 r_pi                               (eq. 4.4)
    improve:   pi(s) <- argmax_a sum_{s'} p(s' | s, a) (r + gamma v(s'))              (eq. 4.9)

It begins with the uniformly random policy and ends when no action is better than the policy's. The value of what
follows an outcome that terminates is zero in both halves, which use the same operator.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from palestra.engine.agent import Agent
from palestra.engine.arena import Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import PalestraError, require
from palestra.learners.dynamic.values import DynamicConfig, Values, dynamic_arena
from palestra.measure import Metrics
from palestra.ops import bellman

MOST_SOLVED = 8_000
"""States of the largest linear system: half a gigabyte."""


@dataclass(frozen=True)
class PolicyIterationConfig(DynamicConfig):
    """Settings of policy iteration."""

    evaluation: Literal["sweeps", "exact"] = "sweeps"
    """Evaluate a policy by sweeps until the tolerance, or by solving a linear system, which counts as one sweep."""


class PolicyIteration(Agent, Learner):
    """Alternates between evaluating a policy to the end and improving it everywhere."""

    name = "policy-iteration"
    config_type = PolicyIterationConfig
    clock_unit = "sweeps"
    saves = ("policy", "policy_AS", "improvements")
    derives = ("spare_X", "followed")
    config: PolicyIterationConfig
    policy: Values

    def __init__(
        self, source: Given, config: PolicyIterationConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        self.env = self.world.make(device=self.device)
        self.policy = v = Values(self.world, self.env, self.config)
        actions, states = v.dynamics.reward_AS.shape
        if self.config.evaluation == "exact":
            require(states <= MOST_SOLVED, f"evaluation=exact of {states} states", f"at most {MOST_SOLVED}, or sweeps")
        self.policy_AS = torch.full_like(v.dynamics.reward_AS, 1.0 / actions)
        """(A, S) probabilities of the policy that is being evaluated: uniform, then of one action each."""
        self.improvements = 0
        self.spare_X = v.value_X.clone()
        self.followed = bellman.under(v.dynamics, self.policy_AS)

    def step(self) -> Metrics:
        """One sweep of evaluation; where it was the last that this policy needs, an improvement too."""
        v, gamma = self.policy, self.config.gamma
        if self.config.evaluation == "exact":
            try:
                v.value_X = bellman.solve(self.followed, gamma)  # eq. 4.4
            except ValueError as error:
                raise PalestraError(
                    f"{self.name}: {error}; expected a gamma below 1, or a world where random moves end"
                ) from error
            change = 0.0
        else:  # eq. 4.5: v(s) <- sum_a pi(a | s) q(s, a)
            change = bellman.sweep(self.followed, v.value_X, gamma, out_X=self.spare_X, block=v.block)
            v.value_X, self.spare_X = self.spare_X, v.value_X
        self.clock += 1
        if change > v.threshold:
            return {**v.report(self.clock, change), "train/improvements": float(self.improvements)}
        q_AS = v.q_values()  # a sweep as well, over all actions
        self.clock += 1
        residual = float((q_AS.amax(0) - v.value_S).abs().amax())
        changed = self.improve(q_AS)
        metrics = v.report(self.clock, residual)
        self.finished = changed == 0
        return {**metrics, "train/improvements": float(self.improvements), "train/changed_states": float(changed)}

    def improve(self, q_AS: Tensor) -> int:
        """Make the policy greedy; returns in how many states it changed.

        A state keeps its action unless another is better by more than evaluation can err, or the policy would for ever
        swap actions of equal value.
        """
        kept_S = (self.policy_AS * q_AS).sum(0) >= q_AS.amax(0) - 2 * self.config.tolerance
        if self.improvements > 0 and bool(kept_S.all()):
            return 0
        greedy_AS = torch.zeros_like(self.policy_AS).scatter_(0, q_AS.max(0).indices[None], 1.0)  # eq. 4.9
        if self.improvements > 0:  # the first policy is random: every state takes one action
            greedy_AS = torch.where(kept_S, self.policy_AS, greedy_AS)
        changed = int((greedy_AS != self.policy_AS).any(0).sum())
        self.improvements += 1
        self._follow(greedy_AS)
        return changed

    def _follow(self, policy_AS: Tensor) -> None:
        self.policy_AS = policy_AS
        deterministic = self.improvements > 0
        self.followed = bellman.under(self.policy.dynamics, policy_AS.argmax(0) if deterministic else policy_AS)

    def resumed(self) -> None:
        """Follow the policy that was restored."""
        self._follow(self.policy_AS)

    def make_arena(self) -> Arena:
        """Without observations as long as there are states where they can be done without."""
        return dynamic_arena(self.world, self.device, self.policy.mdp.num_states)

    def exhibits(self) -> list[Exhibit]:
        """Values, best actions, and how the value of the start came."""
        return self.policy.exhibits(f"{self.world.id}, {self.name}")
