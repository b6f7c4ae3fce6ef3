"""The test table: whether its rows are others, how good the estimator is there, and whether the rule holds there."""

from dataclasses import replace
from typing import Any

import numpy as np

from palestra.errors import UsageError
from palestra.ops.copies import numbers_rows
from palestra.ops.evidence import fold_interval
from palestra.ops.shift import diagnose_shift
from palestra.trials.report.case import Case, Numbers, Rows, assigned
from palestra.trials.report.fits import fitted, maker, out_of_fold, predicted
from palestra.trials.report.references import NAMES, boosted, flat, reference

MOST = 2_000
"""Rows of either side that are told apart."""
FEWEST = 10
"""Rows that either side has to have."""


def shift(case: Case, held: Numbers) -> dict[str, Any] | None:
    """What is different in the test table; None without one.

    Args:
        case: whose development rows and test table.
        held: (n,) losses of the cross-validation, which a test that is like the development rows would repeat.
    """
    if case.test is None:
        return None
    plain = flat(case)
    assert plain.test is not None
    area, column = told_apart(plain)
    found: dict[str, Any] = {"rows": len(case.test), "domain_auc": area, "most_different": column}
    found |= dict.fromkeys(("test", "fall", "within_test", "label_change", "kind"))
    if not case.test.labelled:
        return found
    model = fitted(case, maker(case), case.development)
    loss = case.losses(predicted(case, model, case.test), case.test.target)
    found["test"] = _plain(loss)
    found["fall"] = _difference(loss, held)
    if len(case.test) >= 10 * case.folds:
        found["within_test"] = _within(plain)
    found["label_change"] = label_change(case)
    found["kind"] = _kind(plain)
    return found


def told_apart(case: Case) -> tuple[list[float], str]:
    """How well rows of the test are told from the others: the area under the curve, low and high; by which column most.

    0.5 is by chance. The interval is Hanley & McNeil's (1982), of the better of boosted trees and a line. Columns that
    only number the rows, or say when they were, are left aside: by them every later row is another.
    """
    assert case.test is not None
    every = range(len(case.features))
    columns = [j for j in every if not numbers_rows(case.development.inputs[:, j])] or list(every)
    nothing = [0.5, 0.5, 0.5]
    if min(len(case.development), len(case.test)) < FEWEST:
        return nothing, ""
    rng = np.random.default_rng([case.seed, 3])
    one, other = (rng.permutation(rows.inputs[:, columns])[:MOST] for rows in (case.development, case.test))
    inputs = np.concatenate([one, other])
    domain = np.repeat([0.0, 1.0], [len(one), len(other)])
    asked = replace(
        case, development=Rows(inputs, domain, np.arange(len(inputs))), test=None, classes=("before", "after"), folds=3,
        words=tuple(place for place, j in enumerate(columns) if j in case.words),
    )  # fmt: skip
    fold = assigned(asked, 4)
    found = []
    for make in (lambda: boosted(asked), reference(asked, "linear")):
        share = out_of_fold(asked, make, fold).share
        assert share is not None
        found.append(area_under(share[:, 1], domain))
    strength = [abs(area_under(_known(inputs[:, j]), domain)[0] - 0.5) for j in range(min(200, len(columns)))]
    return max(nothing, *found), case.features[columns[int(np.argmax(strength))]]


def _known(column: Numbers) -> Numbers:
    """A column with gaps below everything."""
    return np.where(np.isnan(column), -np.inf, column)


def area_under(score: Numbers, domain: Numbers) -> list[float]:
    """Area under the ROC curve, ties counting half, and its 95% interval (Hanley & McNeil 1982, eq. 2)."""
    yes, no = score[domain == 1], np.sort(score[domain == 0])
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    area = float(below.mean() / (2 * len(no)))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (len(yes) - 1) * (q1 - area**2) + (len(no) - 1) * (q2 - area**2)
    half = 1.96 * (max(0.0, variance) / (len(yes) * len(no))) ** 0.5
    return [area, area - half, area + half]


def label_change(case: Case) -> dict[str, Any] | None:
    """How far the shares of the classes have moved: half the sum of absolute differences, and chance's own."""
    if not case.classifies or case.test is None:
        return None
    before, after = case.development.target, case.test.target
    labels = np.unique(np.concatenate([before, after]))
    shares = [np.array([(each == label).mean() for label in labels]) for each in (before, after)]
    moved = float(np.abs(shares[0] - shares[1]).sum() / 2)
    pooled = (shares[0] * len(before) + shares[1] * len(after)) / (len(before) + len(after))
    error = float(np.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(after))).sum() / 2)
    new = [int(label) for label in labels if label not in np.unique(before)]
    return {"moved": moved, "by_chance": error, "new_classes": len(new)}


def _within(case: Case) -> list[float]:
    """What the best reference comes to where it is trained on test rows and judged on others of them."""
    assert case.test is not None
    there = replace(case, development=replace(case.test, group=None), test=None)
    if case.classifies and len(np.unique(case.test.target)) < 2:
        return [0.0, 0.0, 0.0]
    fold = assigned(there, 5)
    losses = [case.losses(out_of_fold(there, reference(there, name), fold, probable=False).predicted, case.test.target)
              for name in NAMES if name != "boosting"]  # fmt: skip
    best = min(losses, key=lambda loss: float(loss.mean()))
    return list(fold_interval(best, case.folds))


def _kind(case: Case) -> str | None:
    """What ``palestra.diagnose_shift`` calls it; None where it has too few rows to tell."""
    assert case.test is not None
    if not case.classifies:
        return None
    one, other = case.development, case.test
    if np.isnan(one.inputs).any() or np.isnan(other.inputs).any() or (other.target < 0).any():
        return None
    try:
        found = diagnose_shift(one.inputs, one.target.astype(np.int64), other.inputs, other.target.astype(np.int64))
    except (UsageError, RuntimeError):  # too few rows for so many columns, or columns that say the same
        return None
    return found.kind


def _plain(loss: Numbers) -> list[float]:
    half = 1.96 * float(loss.std()) / max(1, len(loss) - 1) ** 0.5
    mean = float(loss.mean())
    return [mean, mean - half, mean + half]


def _difference(later: Numbers, earlier: Numbers) -> list[float]:
    """Of two means of different rows."""
    mean = float(later.mean() - earlier.mean())
    half = 1.96 * float(later.var() / max(1, len(later) - 1) + 2.25 * earlier.var() / max(1, len(earlier) - 1)) ** 0.5
    return [mean, mean - half, mean + half]
