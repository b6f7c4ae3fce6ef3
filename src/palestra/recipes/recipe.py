"""Recipe and Claim: a named, complete configuration, and what it promises."""

from dataclasses import dataclass, field
from typing import Any, Literal

from palestra.errors import require


@dataclass(frozen=True)
class Claim:
    """What a recipe promises of its final evaluation."""

    threshold: float
    """What is to be reached."""
    source: str
    """Where the threshold comes from."""
    metric: str = "eval/return_mean"
    """What is compared with the threshold: the learner's headline, or another figure of its evaluation."""
    count: int = 100
    """What the final evaluation counts: so many episodes, rows or folds."""
    seeds: int = 10
    """Training seeds that the claim is to be tried on."""
    direction: Literal["up", "down"] = "up"
    """Whether more of the metric is better, or less."""
    split: str = "reference"
    """Where the final evaluation is made: in the reference environment, on that part of a data set, or, as ``5-fold``,
    by a cross-validation of the same training."""

    @property
    def sign(self) -> Literal[">=", "<="]:
        """How a value that reaches the threshold stands to it."""
        return ">=" if self.direction == "up" else "<="

    @property
    def which(self) -> Literal["best", "last"]:
        """Of which checkpoint: what learns from data is judged as it ended, whatever it may have been in between."""
        return "best" if self.split == "reference" else "last"

    def reached_by(self, value: float) -> bool:
        """Whether a value reaches the threshold; one that is not a number does not."""
        return value >= self.threshold if self.direction == "up" else value <= self.threshold


@dataclass(frozen=True)
class Recipe:
    """A named configuration ``task/method`` that builds a Learner. Nothing here imports a learner."""

    id: str
    """``task/method``, e.g. ``cartpole/ppo``."""
    summary: str
    """One line for the list."""
    learner: str
    """Name in the learner registry."""
    env: str = ""
    """Environment id, where it learns in a world."""
    budget: int = 0
    """Where training stops, on the learner's clock: environment steps, samples."""
    num_envs: int = 1
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
    """Clock units between evaluations; 0 for a tenth of the budget."""
    eval_count: int = 20
    """Episodes of each of these evaluations; rows of a data set, 0 for all."""
    target: float | None = None
    """Stop early when an evaluation reaches this."""
    claim: Claim | None = None
    """What it promises, if anything."""
    paradigm: Literal["rl", "supervised", "unsupervised"] = "rl"
    """From what it learns: reward, labels or structure."""
    dataset: str = ""
    """Name of the data set, where it learns from data."""
    dataset_kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments of the data set itself."""
    optimum: float | None = None
    """The best mean return that there is in its world, where somebody has found it; None where nobody has."""
    optimum_source: str = ""
    """How it was found."""

    def __post_init__(self) -> None:
        both = f"env={self.env!r} and dataset={self.dataset!r}"
        require(bool(self.env) != bool(self.dataset), f"recipe {self.id} with {both}", "one of them, not both")

    @property
    def source(self) -> str:
        """Name of the world or the data set."""
        return self.env or self.dataset

    @property
    def unit(self) -> str:
        """What its budget counts, as far as can be said without the learner."""
        if self.learner.startswith("library-"):
            return "rounds"
        return "samples" if self.dataset else "steps"

    @property
    def task(self) -> str:
        """The part before the slash."""
        return self.id.split("/")[0]

    @property
    def method(self) -> str:
        """The part after the slash."""
        return self.id.split("/")[1]
