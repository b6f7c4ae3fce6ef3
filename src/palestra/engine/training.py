"""What is trained, and what a training comes to."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from palestra.engine import checkpoint
from palestra.measure import Direction, Evaluation, Measure, Metrics

Ending = Literal["finished", "target", "stopped", "interrupted"]


@dataclass(frozen=True)
class TrainResult:
    """How a training ended."""

    ending: Ending
    steps: int
    """The clock."""
    seconds: float
    """Time spent training, evaluations and checkpoints included, summed over resumes."""
    metrics: Metrics
    """The last row of metrics."""
    best_score: float | None
    """The best evaluation, if there was any."""
    best_step: int | None
    signal: int | None = None
    """The signal that interrupted it."""


class Steps(checkpoint.Kept, Protocol):
    """What the Trainer needs of a learner, and nothing else."""

    clock_unit: ClassVar[str]
    headline: ClassVar[str]
    direction: ClassVar[Direction]
    budget: int
    finished: bool

    def step(self) -> Metrics:
        """One bounded unit of learning."""

    def measured(self, measure: Measure) -> Evaluation:
        """How good it is."""
