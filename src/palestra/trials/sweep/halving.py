"""Successive halving, asynchronously: of the trials that come to a rung, the best third goes on.

Li et al. 2020, "A system for massively parallel hyperparameter tuning", in the form that ends trials instead of pausing
them: each is held against those that came to the rung before it, so that none ever waits for another.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from palestra.engine.callbacks import Callback
from palestra.errors import require
from palestra.measure import Direction, Evaluation
from palestra.runs.journal import Journal
from palestra.runs.objects import open_depot
from palestra.runs.rungs import SharedRungs

if TYPE_CHECKING:
    from palestra.engine.trainer import Trainer

FACTOR = 3
"""Of so many trials at a rung one goes on, and the next rung is so many times as far."""


def goes_on(score: float, rung: Sequence[float], direction: Direction, factor: int = FACTOR) -> bool:
    """Whether a score is among the best ``len(rung) // factor`` of those at its rung (of fewer, whether it is first).

    Args:
        score: which; one that is no number is not.
        rung: the scores that came there so far, this one among them.
        direction: which way is better.
        factor: of so many one goes on.
    """
    if math.isnan(score):
        return False
    before = sum(other > score if direction == "up" else other < score for other in rung)
    return before < max(1, len(rung) // factor)


def rungs_of(budget: int, eval_every: int, factor: int = FACTOR) -> tuple[int, ...]:
    """Where trials are held against each other: at the evaluations nearest to 1/3, 1/9, ... of the budget.

    Raises UsageError where there are no evaluations to do so at.
    """
    rungs, level = set[int](), budget / factor
    while eval_every and level >= eval_every:
        rungs.add(round(level / eval_every) * eval_every)
        level /= factor
    given = f"successive halving of {budget:,} with {f'an evaluation every {eval_every:,}' if eval_every else 'none'}"
    require(bool(rungs), given, f"at least {factor} evaluations, e.g. --eval-every {max(1, budget // 9)}")
    return tuple(sorted(rungs))


@dataclass(frozen=True)
class Halving:
    """What may end the trainings of one trial early."""

    journal: str
    """Path of the sweep's journal, where every decision is noted before it is followed."""
    number: int
    """Of the trial."""
    rungs: tuple[int, ...]
    """Where it is held against others, on the learner's clock, in order."""
    depot: str = ""
    """URL of the depot in which decisions are noted in the place of the journal, if other machines train it."""
    place: str = ""
    """Of the sweep in that depot."""

    @contextmanager
    def noted(self) -> Iterator[Journal | SharedRungs]:
        """Where decisions are noted."""
        if self.depot:
            yield SharedRungs(open_depot(self.depot), self.place)
        else:
            with Journal(Path(self.journal)) as journal:
                yield journal

    def watching(self, seed: int) -> "Halver":
        """What watches the training of a seed."""
        return Halver(self, seed)

    def ended_at(self, seed: int) -> int | None:
        """The clock at which the training of a seed was ended; None if it was not."""
        with self.noted() as noted:
            decisions = noted.decisions()
        ends = (each.step for each in decisions if (each.number, each.seed) == (self.number, seed) and not each.goes_on)
        return next(ends, None)


class Halver(Callback):
    """Asks at the first evaluation at or beyond each rung whether to go on."""

    saves = ("passed",)

    def __init__(self, halving: Halving, seed: int):
        self.halving, self.seed = halving, seed
        self.passed = 0
        """Rungs that it has come to."""

    def on_evaluation(self, trainer: "Trainer", evaluation: Evaluation) -> bool | None:
        """False where it is not among the best."""
        rungs, clock = self.halving.rungs, trainer.learner.clock
        reached = sum(rung <= clock for rung in rungs)
        if reached <= self.passed:
            return None
        self.passed = reached
        rule = partial(goes_on, evaluation.score, direction=trainer.learner.direction)
        with self.halving.noted() as noted:
            return noted.decide(self.halving.number, self.seed, reached - 1, clock, evaluation.score, rule)
