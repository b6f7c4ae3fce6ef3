"""Recipe and Claim: a named, complete configuration, and what it promises."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Claim:
    """What a recipe promises of its final evaluation."""

    threshold: float
    """The mean return (or score) to reach."""
    source: str
    """Where the threshold comes from."""
    metric: str = "eval/return_mean"
    """What is compared with the threshold: the learner's headline, or another figure of its evaluation."""
    episodes: int = 100
    """Episodes of the final evaluation, in the reference environment."""
    seeds: int = 10
    """Training seeds that the claim is to be tried on."""


@dataclass(frozen=True)
class Recipe:
    """A named configuration ``task/method`` that builds a Learner. Nothing here imports a learner."""

    id: str
    """``task/method``, e.g. ``cartpole/ppo``."""
    summary: str
    """One line for the list."""
    learner: str
    """Name in the learner registry."""
    env: str
    """Environment id."""
    budget: int
    """Where training stops, in environment steps."""
    num_envs: int
    """Copies of the environment."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What differs from the learner's defaults."""
    backend: str = "auto"
    """Environment backend."""
    env_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments of the environment itself."""
    reference_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments over these of the reference environment, in which a claim is tried."""
    threads: int = 1
    """PyTorch threads; small networks are fastest with one."""
    eval_every: int = 0
    """Environment steps between evaluations; 0 for a tenth of the budget."""
    eval_count: int = 20
    """Episodes of each of these evaluations."""
    target: float | None = None
    """Stop early when an evaluation reaches this."""
    claim: Claim | None = None
    """What it promises, if anything."""
    paradigm: Literal["rl", "supervised", "unsupervised"] = "rl"
    """From what it learns: reward, labels or structure."""

    @property
    def task(self) -> str:
        """The part before the slash."""
        return self.id.split("/")[0]

    @property
    def method(self) -> str:
        """The part after the slash."""
        return self.id.split("/")[1]
