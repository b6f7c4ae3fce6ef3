"""Classes of unequal size: what a threshold would give, what it would cost, and what accuracy hides."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.ops.evidence import wilson_interval
from palestra.trials.report.case import Case, Numbers
from palestra.trials.report.fits import OutOfFold

POINTS = 41
"""Thresholds that are shown."""


def skew(case: Case, own: OutOfFold) -> dict[str, Any] | None:
    """The rarest class against all others, on rows that the trainings did not see; None of a regression.

    ``sweep`` has a line for each threshold of its probability: precision, recall, F1 and the mean cost of a row.
    ``recalls`` has a line for every class, since it need not be the rarest that is missed.
    """
    if not case.classifies:
        return None
    target = case.development.target.astype(np.int64)
    count = np.bincount(target, minlength=len(case.classes))
    count_there = np.where(count == 0, count.max() + 1, count)
    rare = int(count_there.argmin())
    positive = target == rare
    found = own.predicted == rare
    hits = int((found & positive).sum())
    low, high = wilson_interval(hits, int(positive.sum()))
    answer: dict[str, Any] = {
        "class": case.classes[rare],
        "share": float(positive.mean()),
        "rows": int(positive.sum()),
        "largest_share": float(count.max() / len(target)),
        "recall": [hits / max(1, int(positive.sum())), low, high],
        "precision": hits / max(1, int(found.sum())),
        "accuracy": float(1 - own.held.mean()),
        "recalls": _recalls(case, target, own.predicted),
        "average_precision": None,
        "sweep": [],
        "best_f1": None,
        "least_cost": None,
    }
    if own.share is not None:
        score = own.share[:, rare]
        answer["average_precision"] = average_precision(score, positive)
        answer["sweep"] = sweep(case, score, positive)
        answer["best_f1"] = max(answer["sweep"], key=lambda point: point["f1"])
        answer["least_cost"] = min(answer["sweep"], key=lambda point: point["cost"])
    return answer


def _recalls(case: Case, target: NDArray[np.int64], predicted: Numbers) -> list[dict[str, Any]]:
    """Of each class that is there its share and its recall, with intervals that all hold together (Bonferroni)."""
    there = np.unique(target)
    found = []
    for each in there:
        rows = target == each
        hits, number = int((predicted[rows] == each).sum()), int(rows.sum())
        low, high = wilson_interval(hits, number, level=1 - 0.05 / max(1, len(there) - 1))  # but for the largest
        found.append({
            "class": case.classes[each], "share": number / len(target), "recall": [hits / number, low, high],
        })  # fmt: skip
    return found


def average_precision(score: Numbers, positive: Any) -> float:
    """Mean precision over the ranks of the rows of the class; ties share a rank."""
    order = np.argsort(-score, kind="stable")
    ranked, hits = score[order], np.cumsum(positive[order])
    last = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]  # the last row of each tie
    precision, recall = hits[last] / (last + 1), hits[last] / max(1, hits[-1])
    return float((np.diff(np.r_[0.0, recall]) * precision).sum())


def sweep(case: Case, score: Numbers, positive: Any) -> list[dict[str, float]]:
    """A line for each of some thresholds, spread over the scores that there are."""
    levels = np.unique(np.quantile(score, np.linspace(0, 1, POINTS), method="nearest"))
    found = []
    for level in np.unique(np.r_[levels, 0.5]):
        said = score >= level
        hits, alarms = int((said & positive).sum()), int((said & ~positive).sum())
        missed = int(positive.sum()) - hits
        found.append({
            "threshold": float(level),
            "precision": hits / max(1, hits + alarms),
            "recall": hits / max(1, hits + missed),
            "f1": 2 * hits / max(1, 2 * hits + alarms + missed),
            "cost": (case.cost.missed * missed + case.cost.false_alarm * alarms) / len(score),
        })  # fmt: skip
    return found
