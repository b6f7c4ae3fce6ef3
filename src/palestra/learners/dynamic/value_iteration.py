r"""Value iteration (Bellman 1957; Sutton & Barto 2018, section 4.4): apply the optimality operator until it rests.

    v(s) <- max_a sum_{s'} p(s' | s, a) (r(s, a, s') + gamma v(s'))                 (Sutton & Barto 2018, eq. 4.10)

The value of what follows an outcome that terminates is zero. Sweeps are *synchronous* (every state sees the old
values), *in place* (Gauss-Seidel: a state sees what those before it have become) or *prioritised* (Moore & Atkeson
1993: the states furthest from their backups first). All end at the same values.
"""

from dataclasses import dataclass
from typing import Any, Literal

from palestra.engine.learner import Metrics
from palestra.envs.world import World
from palestra.errors import require
from palestra.learners.dynamic.dynamic_program import DynamicProgram, DynamicProgramConfig
from palestra.ops import bellman

MOST_BLOCKS = 256
"""Of a sweep in place, unless told otherwise: each costs some twenty microseconds beside its work."""


@dataclass(frozen=True)
class ValueIterationConfig(DynamicProgramConfig):
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


class ValueIteration(DynamicProgram):
    """Repeats the Bellman optimality backup of every state."""

    name = "value-iteration"
    config_type = ValueIterationConfig
    config: ValueIterationConfig

    def __init__(
        self, env: str | World, config: ValueIterationConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(env, config, seed=seed, device=device)
        c, d = self.config, self.dynamics
        if c.order == "synchronous":
            self.spare_Z = self.value_Z.clone()
        if c.order == "in_place":
            self.block = c.block_size or max(1, self.mdp.num_states // MOST_BLOCKS)
        if c.order == "prioritised":
            self.before = bellman.predecessors(d)
            self.priority_S = bellman.priorities(d, self.value_Z, c.gamma)

    def step(self) -> Metrics:
        """One sweep."""
        c, d = self.config, self.dynamics
        match c.order:
            case "synchronous":  # eq. 4.10: v_{k+1}(s) = max_a q_k(s, a)
                residual = bellman.sweep(d, self.value_Z, c.gamma, out_Z=self.spare_Z, block=self.block)
                self.value_Z, self.spare_Z = self.spare_Z, self.value_Z
            case "in_place":  # eq. 4.10 with one set of values: v(s) <- max_a q(s, a)
                residual = bellman.sweep(
                    d, self.value_Z, c.gamma, out_Z=self.value_Z, block=self.block, backwards=self.clock % 2 == 1
                )
            case "prioritised":  # the same where |max_a q(s, a) - v(s)| is largest (Moore & Atkeson 1993)
                bellman.prioritised_sweep(
                    d, self.value_Z, self.priority_S, c.gamma, self.before,
                    threshold=self.threshold, share=c.priority_share,
                )  # fmt: skip
                residual = float(self.priority_S.amax())
        self.clock += 1
        return self.report(residual)

    def progress(self) -> dict[str, Any]:
        """The priorities, where there are any."""
        return {"priority": self.priority_S.clone()} if self.config.order == "prioritised" else {}

    def load_progress(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        if self.config.order == "prioritised":
            self.priority_S.copy_(state["priority"])
