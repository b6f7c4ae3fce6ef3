r"""Value iteration (Bellman 1957; Sutton & Barto 2018, section 4.4): apply the optimality operator until it rests.

    v(s) <- max_a sum_{s'} p(s' | s, a) (r(s, a, s') + gamma v(s'))                 (Sutton & Barto 2018, eq. 4.10)

The value of what follows an outcome that terminates is zero. Sweeps are *synchronous* (every state sees the old
values), *in place* (Gauss-Seidel: a state sees what those before it have become) or *prioritised* (Moore & Atkeson
1993: the states furthest from their backups first). All end at the same values.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from palestra.engine.agent import Agent
from palestra.engine.arena import Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.dynamic.values import DynamicConfig, Values, dynamic_arena
from palestra.measure import Metrics
from palestra.ops import bellman

MOST_BLOCKS = 256
"""Of a sweep in place, unless told otherwise: each costs some twenty microseconds beside its work."""


@dataclass(frozen=True)
class ValueIterationConfig(DynamicConfig):
    """Settings of value iteration."""

    order: Literal["synchronous", "in_place", "prioritised"] = "synchronous"
    """Which values a backup sees, and which state is next. A prioritised sweep is as many backups as there are states,
    of those that need them most."""
    block_size: int = 0
    """In place: consecutive states that are backed up together; 1 is the textbook's sweep, 0 makes 256 blocks of them,
    or one of each. Sweeps run forwards and backwards in turn."""
    priority_share: float = 0.1
    """Prioritised: back up together the states whose priority is at least this share of the largest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.block_size >= 0, f"block_size={self.block_size}", "0 or more")
        require(0 < self.priority_share <= 1, f"priority_share={self.priority_share}", "0 < priority_share <= 1")


class Queue:
    """Which states to back up next: those furthest from their backups."""

    saves = ("priority_S",)
    derives = ("before",)

    def __init__(self, dynamics: bellman.Dynamics, value_X: Tensor, gamma: float):
        self.before = bellman.predecessors(dynamics)
        """Of every state, those that lead to it."""
        self.priority_S = bellman.priorities(dynamics, value_X, gamma)
        """(S,) how far each is from its backup."""


class ValueIteration(Agent, Learner):
    """Repeats the Bellman optimality backup of every state."""

    name = "value-iteration"
    config_type = ValueIterationConfig
    clock_unit = "sweeps"
    saves = ("policy", "queue")
    derives = ("spare_X",)
    config: ValueIterationConfig
    policy: Values

    def __init__(
        self, source: Given, config: ValueIterationConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        self.env = self.world.make(device=self.device)
        self.policy = v = Values(self.world, self.env, self.config)
        c = self.config
        self.spare_X = v.value_X.clone() if c.order == "synchronous" else v.value_X
        if c.order == "in_place":
            v.block = c.block_size or max(1, v.mdp.num_states // MOST_BLOCKS)
        self.queue = Queue(v.dynamics, v.value_X, c.gamma) if c.order == "prioritised" else None

    def step(self) -> Metrics:
        """One sweep."""
        c, v = self.config, self.policy
        match c.order:
            case "synchronous":  # eq. 4.10: v_{k+1}(s) = max_a q_k(s, a)
                residual = bellman.sweep(v.dynamics, v.value_X, c.gamma, out_X=self.spare_X, block=v.block)
                v.value_X, self.spare_X = self.spare_X, v.value_X
            case "in_place":  # eq. 4.10 with one set of values: v(s) <- max_a q(s, a)
                residual = bellman.sweep(
                    v.dynamics, v.value_X, c.gamma, out_X=v.value_X, block=v.block, backwards=self.clock % 2 == 1
                )
            case "prioritised":  # the same where |max_a q(s, a) - v(s)| is largest (Moore & Atkeson 1993)
                assert self.queue is not None
                bellman.prioritised_sweep(
                    v.dynamics, v.value_X, self.queue.priority_S, c.gamma, self.queue.before,
                    threshold=v.threshold, share=c.priority_share,
                )  # fmt: skip
                residual = float(self.queue.priority_S.amax())
        self.clock += 1
        self.finished = residual <= v.threshold
        return v.report(self.clock, residual)

    def make_arena(self) -> Arena:
        """Without observations as long as there are states where they can be done without."""
        return dynamic_arena(self.world, self.device, self.policy.mdp.num_states)

    def exhibits(self) -> list[Exhibit]:
        """Values, best actions, and how the value of the start came."""
        return self.policy.exhibits(f"{self.world.id}, {self.name}")
