"""Case: what a report is about, an estimator and the rows that it is to learn, as everything else here takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.trials.report.asked import Asked

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows of a table, and what is known about each."""

    inputs: NDArray[Any]
    """(n, ...) as the estimator takes them."""
    target: Numbers
    """(n,) the class from 0, or the number; NaN in a test table without targets."""
    number: NDArray[np.int64]
    """(n,) which row of its source each is, from 1."""
    group: NDArray[np.int64] | None = None
    """(n,) which rows belong together."""
    time: Numbers | None = None
    """(n,) when."""

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def flat(self) -> Numbers:
        """(n, p) the inputs as a table of numbers."""
        return self.inputs.reshape(len(self.inputs), -1).astype(np.float64, copy=False)

    @property
    def labelled(self) -> bool:
        """Whether the targets are known."""
        return not bool(np.isnan(self.target).any())

    def taken(self, rows: Any) -> "Rows":
        """Some of them."""
        group = None if self.group is None else self.group[rows]
        time = None if self.time is None else self.time[rows]
        return Rows(self.inputs[rows], self.target[rows], self.number[rows], group, time)


def together(one: Rows, other: Rows) -> Rows:
    """The rows of two tables, one after the other; of groups and times nothing is known unless both say them."""

    def both(name: str) -> Any:
        parts = [getattr(rows, name) for rows in (one, other)]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    return Rows(*map(both, ("inputs", "target", "number", "group", "time")))


class Cost(NamedTuple):
    """What a mistake costs, of the rarest class of two."""

    missed: float = 1.0
    """A row of it that was not seen as one."""
    false_alarm: float = 1.0
    """A row of the other that was seen as one."""


@dataclass(frozen=True)
class Case:
    """What a report is about."""

    prototype: Any
    """The estimator with scikit-learn's face, never fitted itself."""
    called: str
    """What the estimator is called."""
    development: Rows
    """What is learned from, and judged on by cross-validation."""
    features: tuple[str, ...]
    """(p,) names of the flat columns."""
    classes: tuple[str, ...] = ()
    """Label to word; empty where a number is predicted."""
    words: tuple[int, ...] = ()
    """Places of flat columns whose numbers stand for words."""
    levels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Place to the words of such a column, in the order of their numbers."""
    test: Rows | None = None
    """What is looked at once, in the end."""
    data: str = ""
    """What the data are called."""
    target: str = "target"
    """What the predicted column is called."""
    reference: float | None = None
    """The error that could be reached, as it was given: a share of rows, or a root mean squared error."""
    cost: Cost = field(default=Cost())
    folds: int = 5
    seed: int = 0
    asked: Asked = field(default=Asked())
    """What the report was asked for."""
    prefix: str = ""
    """What stands before the names of the estimator's own arguments."""
    picture: tuple[int, ...] = ()
    """The shape of a row that is a picture; empty for any other."""
    encoded: bool = False
    """Whether the columns were prepared here, by the training rows of the data set alone."""
    notes: tuple[str, ...] = ()
    """What was done to the data that a reader should know."""

    @property
    def classifies(self) -> bool:
        """Whether a class is predicted."""
        return bool(self.classes)

    @property
    def scale(self) -> float:
        """What squared errors are divided by: the variance of the target."""
        return 1.0 if self.classifies else max(float(self.development.target.var()), 1e-300)

    def losses(self, predicted: NDArray[Any], target: Numbers) -> Numbers:
        """(n,) 1 for a wrong class; or the squared error in variances of the target."""
        if self.classifies:
            wrong: Numbers = (predicted != target).astype(np.float64)
            return wrong
        loss: Numbers = (predicted - target) ** 2 / self.scale
        return loss

    def with_development(self, rows: Rows) -> "Case":
        """The same on other rows."""
        return replace(self, development=rows)


def assigned(case: Case, seed: int = 0, *, grouped: bool = True) -> NDArray[np.int64]:
    """(n,) the fold of each row: by groups where these are known, else each class spread over all folds.

    Args:
        case: of which rows.
        seed: of the draw.
        grouped: whether groups stay together.
    """
    rows, folds = case.development, case.folds
    rng = np.random.default_rng([case.seed, seed])
    if rows.group is not None and grouped:
        return balanced_groups(rows.group, folds, rng)
    order = rng.permutation(len(rows))
    if case.classifies:
        order = order[np.argsort(rows.target[order], kind="stable")]
    fold = np.empty(len(rows), np.int64)
    fold[order] = np.arange(len(rows)) % folds
    return fold


def balanced_groups(group: NDArray[np.int64], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) folds that no group is divided between: the largest group first, each into the fold with fewest rows."""
    _, which, count = np.unique(np.asarray(group), return_inverse=True, return_counts=True)
    filled, place = np.zeros(folds), np.empty(len(count), np.int64)
    shuffled = rng.permutation(len(count))
    for each in shuffled[np.argsort(-count[shuffled], kind="stable")]:
        place[each] = int(filled.argmin())
        filled[place[each]] += count[each]
    fold: NDArray[np.int64] = place[which.ravel()]
    return fold
