"""Fitting, as often as a report needs it, and what rows that were not fitted to say."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import UsageError
from palestra.trials.report.case import Case, Numbers, Rows

Make = Callable[[], Any]


@dataclass(frozen=True)
class OutOfFold:
    """What a cross-validation came to, row by row."""

    held: Numbers
    """(n,) loss of each row, by the training that did not see it."""
    train: Numbers
    """(n,) mean loss of each row over the trainings that saw it."""
    predicted: Numbers
    """(n,) prediction of each, by the training that did not see it."""
    share: Numbers | None
    """(n, k) probabilities of the classes; None where the estimator gives none."""


def maker(case: Case, settings: Mapping[str, Any] | None = None) -> Make:
    """What makes the case's estimator afresh, with other settings if any; its random state is the case's seed."""
    from sklearn.base import clone

    def make() -> Any:
        made = clone(case.prototype).set_params(**(settings or {}))
        free = [name for name, value in made.get_params().items() if _is_random(name) and value is None]
        return made.set_params(**dict.fromkeys(free, case.seed)) if free else made

    return make


@contextmanager
def _asking(case: Case, rows: Rows) -> Iterator[None]:
    """An estimator at work: its warnings are left aside, and what it refuses is said in one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ValueError, TypeError, FloatingPointError) as error:
            said = " ".join(str(error).split())[:300]
            raise UsageError(f"{case.called} refused {len(rows):,} rows: {said}") from error


def fitted(case: Case, make: Make, rows: Rows) -> Any:
    """An estimator that was fitted to rows. UsageError, in a line, for rows that it refuses."""
    target = rows.target.astype(np.int64) if case.classifies else rows.target
    with _asking(case, rows):
        return make().fit(rows.inputs, target)


def predicted(case: Case, model: Any, rows: Rows) -> Numbers:
    """(n,) what a fitted estimator says of rows. UsageError as of ``fitted``."""
    with _asking(case, rows):
        return np.asarray(model.predict(rows.inputs), np.float64).reshape(len(rows), -1)[:, 0]


def shares(case: Case, model: Any, rows: Rows) -> Numbers | None:
    """(n, k) probabilities of the case's classes; of two, a decision function stands for them where there are none."""
    known = [int(each) for each in model.classes_]
    with _asking(case, rows):
        if hasattr(model, "predict_proba"):
            given = np.asarray(model.predict_proba(rows.inputs), np.float64)
        elif hasattr(model, "decision_function") and len(known) == 2:
            odds = np.clip(np.asarray(model.decision_function(rows.inputs), np.float64), -30, 30)
            given = np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))], 1)
        else:
            return None
    share = np.zeros((len(rows), len(case.classes)))
    share[:, known] = given if len(known) > 1 else 1.0  # of one class some estimators have two columns
    return share


def out_of_fold(case: Case, make: Make, fold: NDArray[np.int64], *, probable: bool = True) -> OutOfFold:
    """Train once for each fold, on the rows of the others.

    Args:
        case: whose development rows.
        make: gives an estimator, not fitted.
        fold: (n,) of each row.
        probable: whether probabilities are asked for too.
    """
    rows = case.development
    held, seen, times = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    said: Numbers = np.zeros(len(rows))
    share: Numbers | None = np.zeros((len(rows), len(case.classes))) if case.classifies and probable else None
    for each in np.unique(fold):
        part, rest = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        train = rows.taken(rest)
        model = fitted(case, make, train)
        judged = rows.taken(part)
        said[part] = predicted(case, model, judged)
        held[part] = case.losses(said[part], judged.target)
        seen[rest] += case.losses(predicted(case, model, train), train.target)
        times[rest] += 1
        if share is not None:
            found = shares(case, model, judged)
            share = None if found is None else _with(share, part, found)
    return OutOfFold(held, seen / np.maximum(times, 1), said, share)


def _with(share: Numbers, part: NDArray[np.int64], found: Numbers) -> Numbers:
    share[part] = found
    return share


def _is_random(name: str) -> bool:
    return name.split("__")[-1] == "random_state"
