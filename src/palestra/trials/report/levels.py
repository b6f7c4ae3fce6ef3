"""The levels that a verdict compares: training, cross-validation, what others reach, knowing nothing."""

import math
from typing import Any

import numpy as np

from palestra.ops.evidence import fold_interval
from palestra.trials.report.case import Case, Numbers
from palestra.trials.report.fits import OutOfFold
from palestra.trials.report.references import References

WRONGEST = 4.0
"""Loss from which on a number is as wrong as any: two deviations of the target. One prediction that flies away would
else decide every difference, or rather leave it open."""


def interval(case: Case, loss: Numbers) -> list[float]:
    """Mean, low and high of losses (n,), one a row, by groups where rows belong together.

    No band is narrower than that of one more mistake: with none in n rows there may well be one in the next n.
    """
    mean, low, high = fold_interval(loss, case.folds, case.development.group)
    least = 1.0 / len(loss) if case.classifies else 0.0
    return [mean, min(low, mean - least), max(high, mean + least)]


def difference(case: Case, one: Numbers, other: Numbers) -> list[float]:
    """Interval of the difference of two losses of the same rows (n,), each at most ``WRONGEST``."""
    return interval(case, np.minimum(one, WRONGEST) - np.minimum(other, WRONGEST))


def levels(case: Case, own: OutOfFold, others: References) -> dict[str, Any]:
    """Every level with its interval, and the differences that a verdict rests on, in units of the loss.

    The reference is the one that was given, else the best of the others. Differences are taken row by row, which is
    far surer than from two intervals.
    """
    best, constant = others.level, others.constant
    given = case.reference
    level = best.held if given is None else np.full(len(own.held), given_loss(case, given))
    return {
        "unit": "share of rows that are wrong" if case.classifies else "squared error / variance of the target",
        "train": interval(case, own.train),
        "cross_validation": interval(case, own.held),
        "reference": {"name": others.best if given is None else "given", "loss": interval(case, level)},
        "constant": interval(case, constant.held),
        "others": {name: interval(case, each.held) for name, each in others.found.items()},
        "excess": difference(case, own.held, level),
        "avoidable_bias": difference(case, own.train, level),
        "variance": difference(case, own.held, own.train),
        "over_constant": difference(case, constant.held, own.held),
        "score": score(case, own),
    }


def given_loss(case: Case, level: float) -> float:
    """A level as a user gives it (a share of rows, a root mean squared error) in units of the loss."""
    return level if case.classifies else level**2 / case.scale


def shown(case: Case, loss: float) -> float:
    """A loss as a user reads it: a share of rows, or a root mean squared error."""
    return loss if case.classifies else math.sqrt(max(0.0, loss) * case.scale)


def score(case: Case, own: OutOfFold) -> dict[str, float]:
    """The usual names for how good it is."""
    if not case.classifies:
        loss = float(own.held.mean())
        return {"r2": 1 - loss, "rmse": math.sqrt(loss * case.scale)}
    target = case.development.target
    recall = [float((own.predicted[target == each] == each).mean()) for each in np.unique(target)]
    return {"accuracy": float(1 - own.held.mean()), "balanced_accuracy": float(np.mean(recall))}
