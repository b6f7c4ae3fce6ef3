"""How well: a measure says what is counted and on what, an evaluation is what came out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from palestra.errors import require

if TYPE_CHECKING:
    from torch import Tensor

Metrics = dict[str, float]
"""Names (``train/loss``) to numbers, what one step or one evaluation has to report."""
Direction = Literal["up", "down"]
"""Which way is better: up for a return or an accuracy, down for an error."""


@dataclass(frozen=True)
class Measure:
    """On how much of what something is measured, by whose luck."""

    count: int = 100
    """Episodes, rows or folds; data sets take 0 for all that there is."""
    split: str = ""
    """Where: ``reference`` for Gymnasium's own implementation of a world, ``test`` or another split of a data set.
    Empty for where a learner is judged while it learns: the world that it trains in, the ``validation`` split."""
    seed: int = 0
    """Of the measuring alone; nothing that learns draws from it."""
    max_steps: int = 0
    """Steps after which an episode is cut; 0 for the world's own limit, and for one of ours where it has none."""

    def __post_init__(self) -> None:
        require(self.count >= 0, f"count={self.count}", "0 or more")
        require(self.max_steps >= 0, f"max_steps={self.max_steps}", "0 or more")


@dataclass(frozen=True)
class Evaluation:
    """How good something is now."""

    score: float
    """The headline: mean return, accuracy, error. Its learner's ``direction`` says which way is better."""
    samples: "Tensor"
    """(n,) the values that the score is made of: one for each episode, row or fold."""
    metrics: Metrics
    """More about it, for the record."""


CUT = "eval/cut"
"""The metric that counts episodes which were cut; it is there only where some were."""


def cut_in(metrics: Metrics) -> dict[str, int]:
    """``{"cut": n}`` for facts about an evaluation in which n episodes were cut; nothing if none was."""
    return {"cut": int(metrics[CUT])} if CUT in metrics else {}


def better(score: float, than: float | None, direction: Direction) -> bool:
    """Whether a score beats another; NaN beats nothing, and everything beats None and NaN but NaN."""
    if score != score:
        return False
    if than is None or than != than:
        return True
    return score > than if direction == "up" else score < than


def reached(score: float | None, target: float | None, direction: Direction) -> bool:
    """Whether a score is as good as a target; never without either."""
    if score is None or target is None:
        return False
    return score >= target if direction == "up" else score <= target
