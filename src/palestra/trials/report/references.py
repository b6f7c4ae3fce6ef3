"""What others come to on the same folds: the level that an error is held against."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.trials.report.case import Case
from palestra.trials.report.fits import Make, OutOfFold, out_of_fold

NAMES = ("constant", "linear", "neighbours", "boosting")
"""The same answer always; ridge or logistic regression; ten neighbours; boosted trees."""
ASKED = {
    "linear": ('["table", "LogisticRegression"]', '["table", "RidgeCV"]'),
    "neighbours": ('["table", "KNeighborsClassifier"]', '["table", "KNeighborsRegressor"]'),
    "boosting": ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
}
"""How the command line asks for one: as a classifier, as a regressor."""


@dataclass(frozen=True)
class References:
    """All of them, and the best."""

    found: dict[str, OutOfFold]
    best: str
    """The name of the one with the least error."""

    @property
    def constant(self) -> OutOfFold:
        """What knowing nothing comes to."""
        return self.found["constant"]

    @property
    def level(self) -> OutOfFold:
        """What the best comes to."""
        return self.found[self.best]

    @property
    def surest(self) -> OutOfFold | None:
        """The classifier with the least error among them, but for the constant; None in a regression."""
        known = [each for name, each in self.found.items() if each.share is not None and name != "constant"]
        return min(known, key=lambda each: float(each.held.mean())) if known else None


def in_rows(case: Case) -> Case:
    """The case with each picture as a row of numbers, as estimators of other libraries take them."""
    rows, test = case.development, case.test
    test = None if test is None else replace(test, inputs=test.flat)
    return replace(case, development=replace(rows, inputs=rows.flat), test=test)


def flat(case: Case) -> Case:
    """The same as the references take it."""
    return replace(in_rows(case), called="a reference")


def references(case: Case, fold: NDArray[np.int64]) -> References:
    """Each of them on the same folds."""
    plain = flat(case)
    found = {name: out_of_fold(plain, reference(case, name), fold) for name in NAMES}
    return References(found, min(found, key=lambda name: float(found[name].held.mean())))


def reference(case: Case, name: str) -> Make:
    """What makes one of ``NAMES``."""
    return lambda: _made(case, name)


def _made(case: Case, name: str) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline

    classifies = case.classifies
    if name == "constant":
        return DummyClassifier(strategy="most_frequent") if classifies else DummyRegressor()
    if name == "boosting":
        return make_pipeline(*_by_words(case), boosted(case))
    if name == "linear":
        last = LogisticRegression(max_iter=300) if classifies else RidgeCV(np.logspace(-2, 4, 13))
    else:
        near = {"n_neighbors": max(1, min(10, len(case.development) // 5)), "weights": "distance"}
        last = KNeighborsClassifier(**near) if classifies else KNeighborsRegressor(**near)
    return make_pipeline(*_by_words(case), *_filled_and_scaled(), last)


def boosted(case: Case) -> Any:
    """Boosted trees, fewer of them for each class where there are many, and of smaller leaves where rows are few."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    many = max(1, len(case.classes) - 1) if len(case.classes) > 2 else 1
    settings: dict[str, Any] = {
        "max_iter": max(15, 100 // many),
        "learning_rate": 0.1 if many < 5 else 0.3,
        "max_leaf_nodes": 15,
        "min_samples_leaf": max(2, min(20, len(case.development) // 25)),
        "early_stopping": False,
        "random_state": case.seed,
    }
    return HistGradientBoostingClassifier(**settings) if case.classifies else HistGradientBoostingRegressor(**settings)


def _by_words(case: Case) -> list[Any]:
    """A step that turns columns of words into columns of 0 and 1, where there are any."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    if not case.words:
        return []
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=30)
    return [ColumnTransformer([("words", encoder, list(case.words))], remainder="passthrough")]


def _filled_and_scaled() -> list[Any]:
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    return [SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()]
