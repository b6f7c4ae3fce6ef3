"""Ways by which the answer gets into the training: copies, disguises, groups and times on both sides of a split."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.ops.copies import are_copies, pattern_numbers
from palestra.trials.report.case import Case, Numbers, assigned
from palestra.trials.report.fits import fitted, maker, out_of_fold, predicted
from palestra.trials.report.levels import difference, interval
from palestra.trials.report.references import References, flat, reference

MOST_COLUMNS = 40
"""Columns that are tried alone, those first that go with the target most."""


def copies(case: Case, fold: NDArray[np.int64]) -> dict[str, Any]:
    """Rows that stand on both sides of a split: of the test, if there is one, else of the folds at random."""
    rows, test = case.development, case.test
    target = rows.target[:, None]
    if test is not None and test.labelled:
        both = np.concatenate([np.hstack([rows.flat, target]), np.hstack([test.flat, test.target[:, None]])])
        twice = _across(both, np.arange(len(both)) >= len(rows))
        found = twice[len(rows) :]
        share, place, number = float(found.mean()), "test", test.number[found]
    else:
        found = _across(np.hstack([rows.flat, target]), assigned(ungrouped(case)))
        share, place, number = float(found.mean()), "folds", rows.number[found]
    return {"where": place, "rows": int(found.sum()), "share": share, "examples": number[:20].tolist()}


def ungrouped(case: Case) -> Case:
    """The case as if nothing were known of groups: what a split at random would do."""
    return case.with_development(replace(case.development, group=None))


def _across(rows: Numbers, side: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) which rows are copies of one on another side."""
    copied, pattern = are_copies(rows), pattern_numbers(rows)
    low, high = np.full(pattern.max() + 1, np.inf), np.full(pattern.max() + 1, -np.inf)
    np.minimum.at(low, pattern, side)
    np.maximum.at(high, pattern, side)
    return copied & (low < high)[pattern]


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
    strength = [_strength(rows.inputs[:, j], rows.target, classifies=case.classifies) for j in range(rows.inputs.shape[1])]
    return np.argsort(-np.array(strength), kind="stable")[:MOST_COLUMNS].tolist()


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
    return float(np.corrcoef(*ranks)[0, 1]) if min(each.std() for each in ranks) > 0 else 0.0


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

    Four blocks of time, each judged by a training on all before it, and by one on as many rows drawn from before and
    after. The number of rows is the same, so what is left is what the future gives away.
    """
    rows = case.development
    if rows.time is None:
        return None
    order = np.argsort(rows.time, kind="stable")
    blocks = np.array_split(order, 5)
    make, before, drawn, judged = maker(case), [], [], []
    for i in range(1, 5):
        past, block = np.concatenate(blocks[:i]), blocks[i]
        if case.classifies and len(np.unique(rows.target[past])) < 2:
            continue
        rng = np.random.default_rng([case.seed, 2, i])
        rest = np.setdiff1d(order, block)
        mixed = rng.permutation(rest)[: len(past)]
        # The neighbours in time of a row are what gives it away, so a draw from within its own block is needed too.
        halves = np.array_split(rng.permutation(block), 2)
        for one, other in (halves, halves[::-1]):
            some = np.concatenate([mixed[: len(past) - len(other)], other]) if len(past) > len(other) else other
            model = fitted(case, make, rows.taken(some))
            drawn.append(case.losses(predicted(model, rows.taken(one)), rows.target[one]))
            judged.append(one)
        model = fitted(case, make, rows.taken(past))
        said = case.losses(predicted(model, rows.taken(block)), rows.target[block])
        place = {int(row): at for at, row in enumerate(block)}
        before += [said[[place[int(row)] for row in half]] for half in halves]
    if not judged:
        return None  # one class in the past, of which nothing is learned
    part = case.with_development(replace(rows, group=None).taken(np.concatenate(judged)))
    forward, mixed_up = np.concatenate(before), np.concatenate(drawn)
    among = 0.0
    if case.test is not None and case.test.time is not None:
        among = float((case.test.time <= rows.time.max()).mean())
    return {
        "from_before": interval(part, forward),
        "at_random": interval(part, mixed_up),
        "flattered_by": difference(part, forward, mixed_up),
        "test_rows_before_the_last_training_row": among,
    }
