"""Answers that look wrong, by what trainings say that did not see them."""

from typing import Any

import numpy as np

from palestra.ops.confidence import outliers, suspects, wrongness
from palestra.ops.evidence import wilson_interval
from palestra.trials.report.case import Case
from palestra.trials.report.references import References


def labels(case: Case, others: References) -> dict[str, Any]:
    """The share of answers that are probably wrong, and which they are.

    Of classes, by the reference whose probabilities are the best; of numbers, by how many residuals of the best
    reference are beyond what the spread of the others allows, of all of them and of those with like predictions.
    """
    rows = case.development
    if not case.classifies:
        residual = rows.target - others.level.predicted
        far = outliers(residual, others.level.predicted)
        order = np.argsort(-np.abs(residual), kind="stable")
        worst = order[far[order]][:100]
        low, high = wilson_interval(int(far.sum()), len(far))
        return {
            "rate": [float(far.mean()), low, high],
            "depth_of_errors": None,
            "errors_overall": float(others.level.held.mean()),
            "errors": int(far.sum()),
            "classes": 0,
            "suspects": [
                {"row": int(rows.number[i]), "given": float(rows.target[i]), "rather": float(others.level.predicted[i])}
                for i in worst
            ],
        }
    surest = others.surest
    assert surest is not None
    assert surest.share is not None
    label = rows.target.astype(np.int64)
    found = wrongness(surest.share, label)
    low, high = wilson_interval(found.errors, max(1, found.rows))
    return {
        "rate": [found.rate, low, high],
        "depth_of_errors": found.depth,
        "errors_overall": found.overall,
        "errors": found.errors,
        "classes": found.classes,
        "suspects": [
            {
                "row": int(rows.number[i]),
                "given": case.classes[label[i]],
                "rather": case.classes[int(surest.share[i].argmax())],
                "probability": float(surest.share[i].max()),
            }
            for i in suspects(surest.share, label)
        ],
    }
