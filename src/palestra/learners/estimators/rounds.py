"""How an estimator of another library improves in rounds: another tree, another boosting round, another epoch.

What cannot improve so is fitted at once, which is one round. The rounds of a forest are the same trees however they are
parted; of all else a training that was interrupted goes on from the same bits, since a step begins with what a file
could hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.order import permutation
from palestra.learners.estimators.catalogue import BOOSTERS, imported, parameters

GROWN = {
    "RandomForestClassifier": "n_estimators", "RandomForestRegressor": "n_estimators",
    "ExtraTreesClassifier": "n_estimators", "ExtraTreesRegressor": "n_estimators",
    "BaggingClassifier": "n_estimators", "BaggingRegressor": "n_estimators",
    "GradientBoostingClassifier": "n_estimators", "GradientBoostingRegressor": "n_estimators",
    "HistGradientBoostingClassifier": "max_iter", "HistGradientBoostingRegressor": "max_iter",
    "IsolationForest": "n_estimators",
}  # fmt: skip
"""Of scikit-learn, what goes on by ``warm_start``: class to the argument that counts its rounds."""
PASSED = (
    "SGDClassifier", "SGDRegressor", "Perceptron", "MLPClassifier", "MLPRegressor", "SGDOneClassSVM", "MiniBatchKMeans",
)  # fmt: skip
"""Of scikit-learn, what goes on by ``partial_fit``, and is better for seeing the rows again."""
FORESTS = ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
"""Whose trees can be judged on the rows that each of them did not see."""
EPOCHS, ROUNDS = 50, 100
"""Usual numbers, where an estimator has none of its own."""

Rows = tuple[NDArray[Any], NDArray[Any] | None]
"""(N, F) rows, and (N,) what is to be predicted of them, if anything is."""


@dataclass(frozen=True)
class Way:
    """How some estimators are fitted, round by round."""

    counted: str
    """The argument that counts the rounds; empty where all is one round."""
    usual: int
    """Rounds where nobody says how many."""
    fit: Callable[[Any, Rows, range, int], int]
    """Adds rounds of these numbers to an estimator, from a seed; returns how many it has then, fewer where it has come
    to an end by itself."""


def parted(estimator: Any) -> tuple[Any, Any]:
    """The steps of a pipeline before its last one as a pipeline, or None, and the last one; of all else itself."""
    if not isinstance(estimator, imported("sklearn.pipeline", "an estimator").Pipeline):
        return None, estimator
    return (estimator[:-1] if len(estimator) > 1 else None), estimator[-1]


def way_of(last: Any) -> Way:
    """How an estimator, the last step of a pipeline perhaps, is fitted."""
    name, given = type(last).__name__, last.get_params(deep=False)
    if name in BOOSTERS:
        return Way("n_estimators", given["n_estimators"] or ROUNDS, _boosted)
    if name in GROWN and not (name.startswith("Bagging") and given["oob_score"]):  # which goes without warm_start
        return Way(GROWN[name], given[GROWN[name]], _grown)
    if name in PASSED and given.get("solver") != "lbfgs" and not given.get("early_stopping"):
        return Way("max_iter", EPOCHS if _is_default(last, "max_iter") else given["max_iter"], _passed)
    return Way("", 1, _at_once)


def most_rounds(last: Any, named: bool) -> int | None:
    """Rounds beyond which an estimator was not asked to go; None where nobody said so.

    Args:
        last: it.
        named: whether the argument that counts its rounds was given, be it the usual one.
    """
    way = way_of(last)
    if way.counted and not named and _is_default(last, way.counted):
        return None
    return way.usual


def _is_default(last: Any, name: str) -> bool:
    default: bool = last.get_params(deep=False)[name] == parameters(type(last))[name].default
    return default


def _at_once(last: Any, rows: Rows, rounds: range, seed: int) -> int:
    last.fit(*rows)
    return 1


def _grown(last: Any, rows: Rows, rounds: range, seed: int) -> int:
    """Another fit that keeps what there is: scikit-learn grows only what is new."""
    last.set_params(**{GROWN[type(last).__name__]: rounds.stop, "warm_start": True})
    last.fit(*rows)
    there = getattr(last, "n_iter_", None) or getattr(last, "n_estimators_", None)
    return rounds.stop if there is None else int(there)


def _boosted(last: Any, rows: Rows, rounds: range, seed: int) -> int:
    """XGBoost from the bytes of what there is, so that what it remembers besides plays no part.

    By itself it would draw the same rows and columns at every beginning; here they follow the number of the round.
    """
    before = None
    if rounds.start:
        before = imported("xgboost", "XGBoost").Booster(model_file=last.get_booster().save_raw("ubj"))
    last.set_params(n_estimators=len(rounds), seed_per_iteration=True)
    last.fit(*rows, xgb_model=before)
    return rounds.stop


def _passed(last: Any, rows: Rows, rounds: range, seed: int) -> int:
    """Epochs, each in an order of its own."""
    inputs, targets = rows
    named = targets is not None and imported("sklearn.base", "an estimator").is_classifier(last)
    classes = {"classes": np.unique(targets)} if named else {}  # type: ignore[arg-type]
    together = last.batch_size if type(last).__name__ == "MiniBatchKMeans" else len(inputs)  # else all are one batch
    for epoch in rounds:
        order = permutation(seed, epoch, len(inputs)).numpy()
        for begin in range(0, len(inputs), together):
            chosen = order[begin : begin + together]
            last.partial_fit(inputs[chosen], None if targets is None else targets[chosen], **classes)
    return rounds.stop
