"""The Learner: anything that improves in steps."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

Metrics = dict[str, float]
"""Names (``train/loss``) to numbers, what one step or one evaluation has to report."""


@dataclass(frozen=True)
class Evaluation:
    """How good a learner is now."""

    score: float
    """The headline: mean return, accuracy, ... Higher is better."""
    samples: Tensor
    """(n,) the values that the score is the mean of: one per episode or fold."""
    metrics: Metrics
    """More about it, for the record."""


class Learner(ABC):
    """Anything that improves in steps: a PPO iteration, a sweep of value iteration, an epoch, a boosting round.

    The Trainer needs these members and nothing else.
    """

    name: ClassVar[str]
    """The id under which it is registered (``ppo``)."""
    clock_unit: ClassVar[str] = "steps"
    """What the clock counts: ``env steps``, ``samples``, ``sweeps``."""

    headline: ClassVar[str] = "eval/return_mean"
    """The metric under which ``evaluate`` reports its score."""

    clock: int = 0
    """How much has been learned from so far, in ``clock_unit``."""
    budget: int = 0
    """Where the clock will stop, for schedules; the Trainer sets it before the first step."""
    finished: bool = False
    """Nothing is left to learn: more steps would change nothing, and the Trainer stops before its budget."""

    @abstractmethod
    def step(self) -> Metrics:
        """Do one unit of learning, advance ``clock``, and report."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """*Everything* that the next step depends on, as nested dicts and lists of tensors and JSON values."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state. Returns one line for each thing that could not be restored exactly."""

    def evaluate(self, *, episodes: int, seed: int) -> Evaluation:
        """Measure it, with randomness of its own from ``seed``, leaving the learner as it was."""
        raise TypeError(f"{type(self).__name__} has no evaluation; train it with eval_every=0")
