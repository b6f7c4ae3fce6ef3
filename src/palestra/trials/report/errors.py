"""Where the errors are: which classes are taken for which, which slices are worst, which rows are the furthest off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.trials.report.case import Case, Numbers
from palestra.trials.report.fits import OutOfFold
from palestra.trials.report.levels import interval, shown

WORST, PAIRS, SLICES = 30, 10, 8
"""Rows, pairs of classes and slices that are shown."""
MOST_COLUMNS = 200
"""Columns that are cut into slices."""


def errors(case: Case, own: OutOfFold) -> dict[str, Any]:
    """All of it, of rows that the trainings had not seen."""
    rows = case.development
    order = np.argsort(-_wrongness(case, own), kind="stable")
    worst = order[own.held[order] > 0][:WORST]
    return {
        "confusion": confusion(case, own).tolist() if case.classifies else None,
        "pairs": _pairs(case, own),
        "slices": slices(case, own.held),
        "worst": [
            {
                "row": int(rows.number[i]),
                "given": _said(case, rows.target[i]),
                "predicted": _said(case, own.predicted[i]),
                "probability": None if own.share is None else float(own.share[i].max()),
            }
            for i in worst
        ],
        "worst_index": worst.tolist(),
    }


def confusion(case: Case, own: OutOfFold) -> NDArray[np.int64]:
    """(k, k) rows of each class, by what they were taken for."""
    matrix = np.zeros((len(case.classes), len(case.classes)), np.int64)
    np.add.at(matrix, (case.development.target.astype(np.int64), own.predicted.astype(np.int64)), 1)
    return matrix


def _wrongness(case: Case, own: OutOfFold) -> Numbers:
    """(n,) how wrong a prediction is: by how much it was surer of the wrong class; or the squared error."""
    if own.share is None:
        return own.held
    label = case.development.target.astype(np.int64)
    sureness: Numbers = 1 + own.share.max(1) - own.share[np.arange(len(label)), label]
    return own.held * sureness


def _pairs(case: Case, own: OutOfFold) -> list[dict[str, Any]]:
    if not case.classifies:
        return []
    matrix = confusion(case, own)
    np.fill_diagonal(matrix, 0)
    places = np.argsort(-matrix, axis=None, kind="stable")[:PAIRS]
    found = [(int(i), int(j)) for i, j in zip(*np.unravel_index(places, matrix.shape)) if matrix[i, j] > 0]
    total = max(1, int(matrix.sum()))
    return [
        {"given": case.classes[i], "predicted": case.classes[j], "rows": int(matrix[i, j]),
         "share_of_errors": float(matrix[i, j] / total)}
        for i, j in found
    ]  # fmt: skip


def slices(case: Case, held: Numbers) -> list[dict[str, Any]]:
    """Parts of the rows, by a column's words or fourths, whose error is surely above that of the others.

    ``ceiling`` is what the whole error would be if the slice were no worse than the others: the most that there is to
    be gained by mending it.
    """
    found = []
    for name, part in _parts(case):
        if not 0 < part.sum() < len(part):
            continue
        inside, outside = held[part], held[~part]
        gap = float(inside.mean() - outside.mean())
        error = (inside.var() / max(1, len(inside) - 1) + outside.var() / max(1, len(outside) - 1)) ** 0.5
        if gap > 3 * error and gap > 0:
            found.append((gap * part.mean(), name, part, float(inside.mean())))
    found.sort(key=lambda each: -each[0])
    return [
        {
            "slice": name,
            "rows": int(part.sum()),
            "error": shown(case, mean),
            "overall": shown(case, float(held.mean())),
            "ceiling": shown(case, float(held.mean()) - gain),
            "loss": interval(case.with_development(case.development.taken(np.flatnonzero(part))), held[part]),
        }
        for gain, name, part, mean in found[:SLICES]
    ]


def _parts(case: Case) -> list[tuple[str, NDArray[np.bool_]]]:
    rows = case.development.flat
    least = max(20, round(0.02 * len(rows)))
    parts: list[tuple[str, NDArray[np.bool_]]] = []
    if case.classifies and len(case.classes) > 2:
        parts += [
            (f"{case.target} = {word}", case.development.target == label) for label, word in enumerate(case.classes)
        ]
    for j, name in enumerate(case.features[:MOST_COLUMNS]):
        column = rows[:, j]
        value = np.unique(column[~np.isnan(column)])
        if np.isnan(column).any():
            parts.append((f"{name} missing", np.isnan(column)))
        if len(value) <= 6 or j in case.words:
            parts += [(f"{name} = {_word(case, j, each)}", column == each) for each in value[:50]]
        else:
            low, middle, high = np.nanquantile(column, (0.25, 0.5, 0.75))
            parts.append((f"{name} < {low:.4g}", column < low))
            parts.append((f"{low:.4g} <= {name} < {middle:.4g}", (column >= low) & (column < middle)))
            parts.append((f"{middle:.4g} <= {name} < {high:.4g}", (column >= middle) & (column < high)))
            parts.append((f"{name} >= {high:.4g}", column >= high))
    return [(name, part) for name, part in parts if part.sum() >= least]


def _word(case: Case, column: int, value: float) -> str:
    levels = case.levels.get(column, ())
    return levels[int(value)] if 0 <= value < len(levels) else f"{value:.4g}"


def _said(case: Case, value: float) -> Any:
    return case.classes[int(value)] if case.classifies else float(value)
