"""How the error moves: with the number of rows, and with how much the model may bend."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from palestra.errors import UsageError
from palestra.ops.power_law import power_law
from palestra.trials.report.case import Case, Numbers
from palestra.trials.report.fits import OutOfFold, fitted, maker, predicted
from palestra.trials.report.levels import difference, interval

PARTS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Of the training rows of a fold, beside all of them."""
LEAST = 8
"""Rows that a part has to have."""
FEW, DRAWS = 200, 3
"""Up to so many rows each part is drawn so many times."""


class Knob(NamedTuple):
    """A setting by which a model bends more or less."""

    name: str
    values: tuple[Any, ...]
    """From the simplest on."""


KNOBS = (
    Knob("degree", (1, 2, 3, 4, 6, 8)),
    Knob("max_depth", (1, 2, 3, 5, 8, 16)),
    Knob("n_neighbors", (60, 30, 15, 7, 3, 1)),
    Knob("alpha", (1e3, 1e2, 1e1, 1.0, 1e-1, 1e-3)),
    Knob("C", (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e3)),
    Knob("weight_decay", (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 0.0)),
    Knob("max_leaf_nodes", (2, 4, 8, 16, 31, 64)),
)
"""In the order in which they are looked for."""


def learning_curve(case: Case, fold: NDArray[np.int64], own: OutOfFold) -> dict[str, Any]:
    """The error against the number of training rows, and what ten times as many would give where a power law fits.

    Every row is judged once at every size, by a training on part of the rows of the other folds, each part within the
    next. What the last doubling gave is then a difference row by row.
    """
    sizes, held, seen = [], [], []
    whole = len(fold) * (case.folds - 1) / case.folds
    for part in PARTS:
        if part * whole >= LEAST:
            with suppress(UsageError):  # too few rows for this estimator, of too many neighbours perhaps
                losses, train, size = _at(case, fold, part)
                sizes.append(size)
                held.append(losses)
                seen.append(train)
    held, seen, sizes = [*held, own.held], [*seen, float(own.train.mean())], [*sizes, round(whole)]
    bands = [interval(case, each) for each in held]
    found: dict[str, Any] = {"rows": sizes, "train": seen, "cross_validation": bands, "power_law": None}
    found["last_doubling"] = difference(case, held[-2], held[-1]) if len(held) > 1 else None
    found["last_two"] = difference(case, held[-3], held[-1]) if len(held) > 2 else found["last_doubling"]
    found["ten_times"] = None
    if len(set(sizes)) >= 4:
        law = power_law(sizes, [band[0] for band in bands], [(band[2] - band[1]) / 2 for band in bands])
        if law.fits:
            found["power_law"] = {"a": law.floor, "b": law.scale, "c": law.exponent}
            found["ten_times"] = min(bands[-1][0], law(10 * sizes[-1]))
    return found


def _at(case: Case, fold: NDArray[np.int64], part: float) -> tuple[Numbers, float, int]:
    """Losses (n,) after trainings on a part of the rows, their mean loss on what they saw, and how many that were.

    Where rows are few, which of them are drawn decides much: there it is the mean over several draws.
    """
    rows, make = case.development, maker(case)
    loss: Numbers = np.zeros(len(rows))
    train: list[float] = []
    sizes: list[int] = []
    draws = DRAWS if len(rows) <= FEW else 1
    for each in np.repeat(np.unique(fold), draws):
        held, rest = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        order = np.random.default_rng([case.seed, 1, int(each), len(sizes)]).permutation(rest)
        some = order[: max(LEAST, round(part * len(order)))]
        if case.classifies:
            some = with_every_class(rows.target, some, order)
        model = fitted(case, make, rows.taken(some))
        loss[held] += case.losses(predicted(case, model, rows.taken(held)), rows.target[held]) / draws
        train.append(float(case.losses(predicted(case, model, rows.taken(some)), rows.target[some]).mean()))
        sizes.append(len(some))
    return loss, float(np.mean(train)), round(float(np.mean(sizes)))


def with_every_class(target: Numbers, some: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some rows, and the first of each class in an order that is not among them: nothing is fitted to one class."""
    lacking = set(np.unique(target[order])) - set(np.unique(target[some]))
    first = [order[int(np.argmax(target[order] == each))] for each in sorted(lacking)]
    return np.concatenate([some, np.array(first, np.int64)]) if first else some


def complexity_curve(case: Case, fold: NDArray[np.int64], own: OutOfFold, folds: int) -> dict[str, Any] | None:
    """The error against the first of ``KNOBS`` that the estimator has; None where it has none.

    The choice is the simplest value within one standard error of the best (Breiman et al. 1984, section 3.4.3).

    Args:
        case: whose estimator.
        fold: (n,) of each row.
        own: what the estimator as it is comes to.
        folds: how many of the folds are judged.
    """
    knob, path, current = _knob(case)
    if knob is None:
        return None
    judged = np.flatnonzero(fold < folds)
    points = []
    for value in _usable(knob, current, len(fold) * (case.folds - 1) // case.folds):
        with suppress(UsageError):  # a value that this estimator does not take
            loss, train = _with_setting(case, fold, {path: value}, folds)
            points.append((value, train, loss[judged]))
    if len(points) < 2:
        return None
    means = [float(loss.mean()) for _, _, loss in points]
    best = int(np.argmin(means))
    error = float(points[best][2].std()) / max(1.0, len(judged)) ** 0.5
    chosen = next(i for i, mean in enumerate(means) if mean <= means[best] + error)
    part = case.with_development(case.development.taken(judged))
    return {
        "setting": path.removeprefix(case.prefix),
        "values": [value for value, _, _ in points],
        "train": [train for _, train, _ in points],
        "cross_validation": [interval(part, loss) for _, _, loss in points],
        "current": current,
        "best": points[best][0],
        "one_standard_error": points[chosen][0],
        "gain": difference(part, own.held[judged], points[chosen][2]),
    }


def _with_setting(case: Case, fold: NDArray[np.int64], settings: dict[str, Any], folds: int) -> tuple[Numbers, float]:
    """Losses (n,) of the rows of the first folds with other settings, and the mean loss on what was trained on."""
    made, loss, train = maker(case, settings), np.zeros(len(fold)), []
    for each in range(folds):
        held, rest = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        seen, judged = case.development.taken(rest), case.development.taken(held)
        model = fitted(case, made, seen)
        loss[held] = case.losses(predicted(case, model, judged), judged.target)
        train.append(float(case.losses(predicted(case, model, seen), seen.target).mean()))
    return loss, float(np.mean(train))


def _knob(case: Case) -> tuple[Knob | None, str, Any]:
    """Which setting it has, by which path, and how it stands."""
    known = case.prototype.get_params()
    for knob in KNOBS:
        paths = [name for name in known if name.split("__")[-1] == knob.name and not _is_text(known[name])]
        if knob.name == "degree":  # of powers, not of a kernel that may not be in use
            paths = [
                name for name in paths if type(known.get(name[: -len("__degree")])).__name__ == "PolynomialFeatures"
            ]
        if paths:
            path = min(paths, key=lambda name: (name.count("__"), name))
            return knob, path, known[path]
    return None, "", None


def _is_text(value: Any) -> bool:
    return isinstance(value, str | list | tuple | bool)


def _usable(knob: Knob, current: Any, rows: int) -> Iterator[Any]:
    """The values that can be tried with so many rows, the one that is set among them, in their order."""
    values = [value for value in knob.values if knob.name != "n_neighbors" or value <= rows // 2]
    if current is None:
        yield from [*values, None]  # without a bound: the most that it can bend
        return
    if current not in values:
        descending = values[0] > values[-1]
        values = sorted([*values, current], reverse=descending)
    yield from values
