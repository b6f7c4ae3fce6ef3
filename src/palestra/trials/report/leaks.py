"""Ways by which the answer gets into the training: copies, disguises, groups and times on both sides of a split."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import UsageError
from palestra.ops.copies import are_copies, numbers_rows, pattern_numbers
from palestra.trials.report.case import Case, Numbers, Rows, assigned, together
from palestra.trials.report.fits import fitted, maker, out_of_fold, predicted
from palestra.trials.report.levels import difference, interval
from palestra.trials.report.references import References, flat, reference
from palestra.trials.report.twins import twins

BLOCKS = 5
"""Of time, the first of which only teaches."""
MOST_COLUMNS = 40
"""Columns that are tried alone, those first that go with the target most."""


def copies(case: Case) -> dict[str, Any]:
    """Rows that stand on both sides of a split: of the test, if there is one, else of the folds at random.

    They are copies, or nearly: ``nearly`` of them have no other on the other side than one that is a little different.
    A column that only numbers the rows is left aside: a copy has a number of its own.
    """
    rows, test = case.development, case.test
    every = range(rows.flat.shape[1])
    columns = [j for j in every if not numbers_rows(rows.flat[:, j])] or list(every)
    side, size = assigned(ungrouped(case)), len(rows)
    exact, nearly = _across(case, rows, columns, side)
    place, number = "folds", rows.number
    if test is not None and test.labelled:
        both = together(rows, test)
        later = [found[size:] for found in _across(case, both, columns, np.arange(len(both)) >= size)]
        if (later[0] | later[1]).any() or not (exact | nearly).any():
            exact, nearly, place, number = *later, "test", test.number
    found = exact | nearly
    return {
        "where": place, "rows": int(found.sum()), "share": float(found.mean()), "nearly": int((nearly & ~exact).sum()),
        "examples": number[found][:20].tolist(),
    }  # fmt: skip


def ungrouped(case: Case) -> Case:
    """The case as if nothing were known of groups: what a split at random would do."""
    return case.with_development(replace(case.development, group=None))


def _across(case: Case, rows: Rows, columns: list[int], side: NDArray[Any]) -> tuple[Any, Any]:
    """(n,) which rows are copies of one on another side, and (n,) which are nearly one."""
    inputs = rows.flat[:, columns]
    whole = np.hstack([inputs, rows.target[:, None]])
    copied, pattern = are_copies(whole), pattern_numbers(whole)
    low, high = np.full(pattern.max() + 1, np.inf), np.full(pattern.max() + 1, -np.inf)
    np.minimum.at(low, pattern, side)
    np.maximum.at(high, pattern, side)
    other = twins(inputs, rows.target, rows.group, classifies=case.classifies)
    return copied & (low < high)[pattern], side != side[other]


def disguises(case: Case, fold: NDArray[np.int64], others: References) -> dict[str, Any] | None:
    """The column that gives the target away by itself best, and what all others come to without it.

    None where there is a single column: it is all that is known then, not a disguise.
    """
    plain = flat(case)
    rows = plain.development
    if rows.inputs.shape[1] < 2:
        return None
    alone = {j: _alone(plain, fold, j) for j in _likely(plain)}
    best = min(alone, key=lambda j: float(alone[j].mean()))
    left = np.delete(rows.inputs, best, 1)
    words = tuple(j - (j > best) for j in case.words if j != best)
    test = None
    rest = replace(plain, development=replace(rows, inputs=left), test=test, words=words)
    without = out_of_fold(rest, reference(rest, _robust(others)), fold, probable=False)
    return {
        "column": case.features[best],
        "alone": interval(case, alone[best]),
        "others": interval(case, without.held),
        "gain": difference(case, without.held, alone[best]),
        "rank_correlation": _rank_correlation(rows.inputs[:, best], rows.target),
        "is_word": best in case.words,
    }


def _robust(others: References) -> str:
    """The best of the references that are not the constant."""
    known = {name: float(each.held.mean()) for name, each in others.found.items() if name != "constant"}
    return min(known, key=lambda name: known[name])


def _likely(case: Case) -> list[int]:
    """Columns to be tried alone."""
    rows = case.development
    if rows.inputs.shape[1] <= MOST_COLUMNS:
        return list(range(rows.inputs.shape[1]))
    strength = [
        _strength(rows.inputs[:, j], rows.target, classifies=case.classifies) for j in range(rows.inputs.shape[1])
    ]
    return [int(j) for j in np.argsort(-np.array(strength), kind="stable")[:MOST_COLUMNS]]


def _strength(column: Numbers, target: Numbers, *, classifies: bool) -> float:
    """Share of the variance of a column that is between classes; or the squared correlation."""
    known = ~np.isnan(column)
    column, target = column[known], target[known]
    if len(column) < 3 or column.std() == 0 or target.std() == 0:
        return 0.0
    if not classifies:
        return float(np.corrcoef(column, target)[0, 1] ** 2)
    label = target.astype(np.int64) - int(target.min())
    count = np.maximum(1, np.bincount(label))
    return float((np.bincount(label, column) / count)[label].var() / column.var())


def _alone(case: Case, fold: NDArray[np.int64], column: int) -> Numbers:
    """(n,) losses of a small tree on one column."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    single = case.development.inputs[:, [column]]
    single = np.where(np.isnan(single), np.nanmin(single, initial=0.0) - 1, single)
    part = replace(case, development=replace(case.development, inputs=single), words=())
    settings = {"max_leaf_nodes": 64 if not case.classifies else 4 * len(case.classes) + 8, "random_state": case.seed}

    def make() -> Any:
        return DecisionTreeClassifier(**settings) if case.classifies else DecisionTreeRegressor(**settings)

    return out_of_fold(part, make, fold, probable=False).held


def _rank_correlation(column: Numbers, target: Numbers) -> float:
    """Spearman's, of where both are known."""
    known = ~np.isnan(column)
    if known.sum() < 3:
        return 0.0
    ranks = [np.unique(each[known], return_inverse=True)[1].ravel().astype(np.float64) for each in (column, target)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if min(each.std() for each in ranks) > 0 else 0.0


def groups(case: Case, fold: NDArray[np.int64], held: Numbers) -> dict[str, Any] | None:
    """What a split at random makes of rows that belong together, beside one that keeps them together."""
    rows = case.development
    if rows.group is None:
        return None
    random = out_of_fold(case, maker(case), assigned(ungrouped(case)), probable=False)
    shared = 0.0
    if case.test is not None and case.test.group is not None:
        shared = float(np.isin(case.test.group, rows.group).mean())
    return {
        "groups": len(np.unique(rows.group)),
        "apart": interval(case, held),
        "at_random": interval(case, random.held),
        "flattered_by": difference(case, held, random.held),
        "test_rows_of_known_groups": shared,
    }


def times(case: Case) -> dict[str, Any] | None:
    """What comes later, foretold from before it, beside the same rows foretold from as many rows of any time.

    Four blocks of time, each judged by a training on all before it, and by one on as many rows drawn from any time. The
    number of rows is the same, so what is left is what the future gives away.
    """
    rows = case.development
    if rows.time is None:
        return None
    order = np.argsort(rows.time, kind="stable")
    blocks = np.array_split(order, BLOCKS)
    judged, before, drawn = [], [], []
    for i in range(1, BLOCKS):
        with suppress(UsageError):  # a past of one class, or of too few rows for this estimator
            forward, mixed = _both_ways(case, np.concatenate(blocks[:i]), blocks[i])
            judged.append(blocks[i])
            before.append(forward)
            drawn.append(mixed)
    if not judged:
        return None
    part = case.with_development(replace(rows, group=None).taken(np.concatenate(judged)))
    forward, mixed = np.concatenate(before), np.concatenate(drawn)
    among = 0.0
    if case.test is not None and case.test.time is not None:
        among = float((case.test.time <= rows.time.max()).mean())
    return {
        "from_before": interval(part, forward),
        "at_random": interval(part, mixed),
        "flattered_by": difference(part, forward, mixed),
        "test_rows_before_the_last_training_row": among,
    }


def _both_ways(case: Case, past: NDArray[np.int64], block: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Losses of the rows of a block by a training on its past, and by trainings on as many rows of any time.

    The neighbours in time of a row are what gives it away: half of its own block is among what is drawn.
    """
    rows, make = case.development, maker(case)

    def losses(train: NDArray[np.int64], held: NDArray[np.int64]) -> Numbers:
        model = fitted(case, make, rows.taken(train))
        return case.losses(predicted(case, model, rows.taken(held)), rows.target[held])

    rng = np.random.default_rng([case.seed, 2, len(past)])
    others = rng.permutation(np.setdiff1d(np.arange(len(rows)), block))
    first = rng.permutation(len(block)) < len(block) // 2
    mixed = np.zeros(len(block))
    for part in (first, ~first):
        near = block[~part][: len(past)]
        mixed[part] = losses(np.concatenate([near, others[: len(past) - len(near)]]), block[part])
    return losses(past, block), mixed
