"""Whether a table looks as if it had been prepared as a whole, the rows that are to judge among them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from palestra.ops.preparation import (
    filled,
    measured,
    projected,
    ranged,
    robust,
    standardised,
    target_means,
)
from palestra.trials.report.case import Case, Numbers

TRACES: dict[str, Callable[[Numbers, Sequence[int]], list[int]]] = {
    "standardised": standardised,
    "ranged": ranged,
    "robust": robust,
    "projected": projected,
    "filled": filled,
}
"""Name to which of some columns bear a trace."""
TOGETHER, ALL, APART = "training and test together", "all rows", "the test by itself"


def prepared(case: Case) -> dict[str, Any]:
    """Every trace of a preparation that saw rows which it should not have seen; ``traces`` is empty without any.

    With a test table a trace counts where training and test bear it together and the training rows alone do not, or
    where each bears it by itself: a test that was scaled by its own mean was looked at as a whole. Without a test table
    it counts where all rows bear it: every fold that judges was then among what was looked at.
    """
    if case.encoded:
        return {"looked_at": 0, "traces": []}
    rows, test = case.development.flat, None if case.test is None else case.test.flat
    whole = rows if test is None else np.concatenate([rows, test])
    columns = [j for j in measured(whole) if j not in case.words]
    traces: list[dict[str, Any]] = []
    for name, bearing in TRACES.items():
        if not columns or (name == "projected" and traces):  # whitened: said already
            continue
        here = bearing(whole, columns)
        if test is None:
            traces += _trace(case, name, ALL, here)
            continue
        alone = bearing(rows, columns)
        together = [j for j in here if j not in alone]
        traces += _trace(case, name, TOGETHER, together)
        if not together and name != "filled":
            later = bearing(test, columns)
            traces += _trace(case, name, APART, [j for j in alone if j in later])
    traces += _trace(case, "target means", ALL if test is None else TOGETHER, _of_targets(case))
    return {"looked_at": len(columns), "traces": traces}


def _of_targets(case: Case) -> list[int]:
    """Columns that are means of the target over all rows; none of three classes or more, which have no mean."""
    rows, target, test = case.development.flat, case.development.target, case.test
    if len(case.classes) > 2:
        return []
    if test is None or not test.labelled:
        return target_means(rows, target) if test is None else []
    both = target_means(np.concatenate([rows, test.flat]), np.concatenate([target, test.target]))
    return [j for j in both if j not in target_means(rows, target)]


def _trace(case: Case, name: str, place: str, columns: Sequence[int]) -> list[dict[str, Any]]:
    return [{"kind": name, "where": place, "columns": [case.features[j] for j in columns]}] if columns else []
