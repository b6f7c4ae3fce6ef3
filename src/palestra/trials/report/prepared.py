"""Whether a table looks as if it had been prepared as a whole, the rows that are to judge among them."""

from typing import Any

import numpy as np

from palestra.ops.preparation import (
    filled,
    is_projected,
    is_ranged,
    is_standardised,
    measured,
    target_means,
)
from palestra.trials.report.case import Case, Numbers


def prepared(case: Case) -> dict[str, Any]:
    """Every trace of a preparation that saw rows which it should not have seen; ``traces`` is empty without any.

    With a test table a trace counts where training and test bear it together and the training rows alone do not, or
    where each bears it by itself: a test that was scaled by its own mean was looked at as a whole. Without a test table
    it counts where all rows bear it: every fold that judges was then among what was looked at.
    """
    rows, test = case.development.flat, None if case.test is None else case.test.flat
    whole = rows if test is None else np.concatenate([rows, test])
    columns = [] if case.encoded else [j for j in measured(whole) if j not in case.words]
    target = case.development.target
    traces: list[dict[str, Any]] = []
    for name, bears in (("standardised", is_standardised), ("ranged", is_ranged), ("projected", is_projected)):
        if name == "projected" and traces:
            continue
        if test is None:
            if bears(rows, columns):
                traces.append(_trace(name, "all rows", [case.features[j] for j in columns], whole, columns))
        elif not bears(rows, columns) and bears(whole, columns):
            traces.append(_trace(name, "training and test together", _names(case, columns), whole, columns))
        elif bears(rows, columns) and bears(test, columns):
            traces.append(_trace(name, "the test by itself", _names(case, columns), test, columns))
    gaps = filled(whole, columns)
    if test is not None:
        gaps = [j for j in gaps if j not in filled(rows, [j])]
    if gaps:
        traces.append(_trace("filled", _place(case), _names(case, gaps), whole, gaps))
    if len(case.classes) <= 2 and not case.encoded:
        known = case.test is None or case.test.labelled
        every = target if case.test is None or not known else np.concatenate([target, case.test.target])
        means = target_means(whole if known else rows, every)
        if case.test is not None and known:
            means = [j for j in means if j not in target_means(rows, target)]
        if means:
            traces.append(_trace("target means", _place(case), _names(case, means), whole, means))
    return {"looked_at": len(columns), "traces": traces}


def _place(case: Case) -> str:
    return "all rows" if case.test is None else "training and test together"


def _names(case: Case, columns: list[int]) -> list[str]:
    return [case.features[j] for j in columns]


def _trace(name: str, place: str, columns: list[str], rows: Numbers, places: list[int]) -> dict[str, Any]:
    mean = float(np.abs(np.nanmean(rows[:, places], 0)).max())
    deviation = float(np.abs(np.nanstd(rows[:, places], 0) - 1).max())
    return {"kind": name, "where": place, "columns": columns, "largest_mean": mean, "largest_off_one": deviation}
