"""From a table to splits: which rows are held out, what is predicted, and how the other columns become numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Split
from palestra.datasets.parts import Rows, fold, held_out
from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame, Words, as_words, missing
from palestra.errors import UsageError, require

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Cut:
    """How the rows of a table are parted."""

    validation: float = 0.2
    """Share of the rows to choose by; not used with ``folds``."""
    test: float = 0.2
    """Share of the rows to be judged on in the end."""
    folds: int = 0
    """Parts of what is left after the test rows, one of which is the validation split; 0 for none."""
    fold: int = 0
    """Which part, from 0."""
    seed: int = 0
    """Decides which rows."""

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            require(0 <= getattr(self, name) < 1, f"{name}={getattr(self, name)}", "a share from 0 to less than 1")
        require(self.folds >= 0, f"folds={self.folds}", "2 or more, or 0 for none")

    def rows(self, size: int) -> dict[str, Rows]:
        """Split to rows; each row is in exactly one, and a split without rows is not there."""
        rest, test = held_out(size, round(self.test * size), self.seed, "test")
        if self.folds:
            train, held = fold(len(rest), self.folds, self.fold, self.seed)
        else:
            train, held = held_out(len(rest), round(self.validation * size), self.seed, "validation")
        parts = {"train": rest[train], "validation": rest[held], "test": test}
        return {name: rows for name, rows in parts.items() if len(rows)}


@dataclass(frozen=True)
class Encoded:
    """A table as a learner takes it."""

    splits: dict[str, Split]
    features: tuple[str, ...]
    """Names of the columns of the inputs."""
    classes: tuple[str, ...]
    """Label to word; empty where a number is predicted."""
    encoding: Encoding
    """How its rows, and others, become numbers."""


def table_splits(
    frame: Frame,
    target: str,
    task: Task,
    cut: Cut,
    *,
    drop: Iterable[str] = (),
    log_skewed: bool = False,
    untrained: NDArray[np.bool_] | None = None,
) -> Encoded:
    """The splits of a table: inputs (N, F) float32, targets int64 classes or float32 numbers, or none.

    Args:
        frame: the table.
        target: the column to predict; empty if there is none.
        task: whether it is a class or a number.
        cut: how the rows are parted.
        drop: columns that are left out.
        log_skewed: as :class:`Encoding` takes it.
        untrained: (N,) rows that are left out of the training split, and of no other.

    Raises UsageError for a row whose target is missing, and for columns that are not there.
    """
    values, classes = _targets(frame, target, task) if target else (None, ())
    inputs = frame.without([target, *drop] if target else drop)
    if not inputs.columns:
        raise UsageError(f"a table of nothing but {target or 'what is dropped'}; expected columns to learn from")
    parts = cut.rows(len(frame))
    if untrained is not None:
        parts["train"] = parts["train"][~untrained[parts["train"]]]
    encoding = Encoding(inputs.taken(parts["train"]), log_skewed=log_skewed)
    splits = {
        name: Split(
            torch.from_numpy(encoding(inputs.taken(rows))), None if values is None else torch.from_numpy(values[rows])
        )
        for name, rows in parts.items()
    }
    return Encoded(splits, encoding.names, classes, encoding)


def _targets(frame: Frame, target: str, task: Task) -> tuple[NDArray[np.int64] | NDArray[np.float32], tuple[str, ...]]:
    column = frame.column(target)
    if missing(column).any():
        row = int(missing(column).argmax())
        raise UsageError(f"row {row + 1} of the table has no {target}; expected one in every row")
    if task == "classification":
        words = as_words(column)
        require(len(words.levels) > 1, f"{target} is {words.levels[0]} in every row", "two classes or more")
        return words.codes, words.levels
    if isinstance(column, Words):
        raise UsageError(f"{target} holds words ({', '.join(column.levels[:3])}); expected numbers for a regression")
    return column.astype(np.float32), ()
