"""What is trained, what a training comes to, and where it halts for whoever does several together."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

from palestra.engine import checkpoint
from palestra.measure import Direction, Evaluation, Measure, Metrics

Ending = Literal["finished", "target", "stopped", "interrupted"]
T = TypeVar("T")


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


class Ask(NamedTuple):
    """What a training is about to do."""

    learner: Any
    """With whom."""
    measure: Measure | None = None
    """How it is to be measured; None where it is to do a step."""


Rounds = Generator[Ask, Metrics | Evaluation | None, T]
"""A training that halts before each step and each evaluation. Whoever has done it meanwhile sends what came of it, a
step's metrics or an evaluation; where nothing is sent, the training does it itself."""


def at_once(rounds: Rounds[T]) -> T:
    """Go through a training without a halt; what it comes to."""
    while True:
        try:
            next(rounds)
        except StopIteration as end:
            value: T = end.value
            return value
