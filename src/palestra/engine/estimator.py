"""scikit-learn's face of a learner on data. Its class is made from the learner's settings, so that none stands twice.

``estimator(LogisticRegression)`` is a class with ``fit``, ``predict`` and ``score``, whose constructor takes the fields
of ``LogisticRegressionConfig`` and ``seed``, ``budget`` and ``device``. Where scikit-learn is installed its searches,
pipelines and cross-validation take it for one of their own; elsewhere it has the same face.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.bare_estimator import Plain
from palestra.engine.settings import field_docs
from palestra.errors import UsageError, require

try:
    import sklearn.base
    import sklearn.utils.multiclass
    import sklearn.utils.validation
except ImportError:
    INSTALLED = False
else:
    INSTALLED = True

OWN = {
    "seed": "Every random number derives from it.",
    "budget": "Where training stops, on the learner's clock.",
    "device": "Where to compute: auto, cpu, cuda, ...",
}
"""Arguments of every estimator beyond its learner's settings, and what they mean."""
UNLABELLED = ("clusterer", "transformer", "recommender")
"""Kinds that are fitted to rows alone."""
_MIXINS = {
    "classifier": ("ClassifierMixin",),
    "regressor": ("RegressorMixin",),
    "clusterer": ("ClusterMixin",),
    "transformer": ("ClassNamePrefixFeaturesOutMixin", "TransformerMixin"),
    "recommender": (),
}
"""Classes of scikit-learn that an estimator of each kind is of, so that its tools take it for one."""


class Unfit(UsageError, ValueError):
    """What a learner refuses of the data that it is fitted to: where scikit-learn looks for it, a ValueError too."""


class Fits:
    """What an estimator does. Its constructor only stores; what is learned has a name that ends in ``_``."""

    learner_type: ClassVar[Any]
    """The learner under it."""
    learner_: Any
    """It, after ``fit``."""
    n_features_in_: int
    """Columns of what it was fitted to."""
    classes_: NDArray[Any]
    """Of a classifier: the labels, sorted."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train a fresh learner on rows X (n, ...) with labels or values y (n,), to its budget."""
        kind, given = self.learner_type.kind, vars(self)
        rows, targets = _checked(self, X, y)
        rows = _placed(self, rows)
        if kind == "classifier":
            self.classes_, labels = np.unique(targets, return_inverse=True)
            targets = labels.astype(np.int64)
        split = Split(torch.from_numpy(rows), None if kind in UNLABELLED else torch.from_numpy(targets))
        settings = {field.name: given[field.name] for field in fields(self.learner_type.config_type)}
        config = self.learner_type.config_type(**settings)
        source = InMemory({"train": split})
        try:
            self.learner_ = self.learner_type(source, config, seed=given["seed"], device=given["device"])
            self.learner_.learn(given["budget"])
        except UsageError as error:
            raise Unfit(str(error)) from error
        if kind == "clusterer":
            self.labels_ = self.learner_.predict(rows)
        if kind == "transformer":
            self._n_features_out = self.learner_.encode(split.inputs[:1]).shape[1]
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The label, value, group or item of each row of X (n, ...); of a transformer the row again."""
        rows = _again(self, X)
        found: NDArray[Any] = self.learner_.predict(rows)
        return self.classes_[found] if self.learner_type.kind == "classifier" else found

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """More is better: accuracy of a classifier, R^2 of a regressor, the learner's own score of others."""
        kind, learner_type = self.learner_type.kind, self.learner_type
        if kind == "classifier":
            return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))
        if kind == "regressor":
            errors, truth = np.asarray(y) - self.predict(X), np.asarray(y, dtype=np.float64)
            spread = truth - np.average(truth, axis=0, weights=sample_weight)
            return 1 - float(
                np.average(errors**2, weights=sample_weight) / np.average(spread**2, weights=sample_weight)
            )
        if kind == "recommender":
            given = f"a score of {type(self).__name__}, whose rows have no answers beside them"
            raise UsageError(f"{given}; expected palestra.evaluate of a training on a data set, which hides some items")
        rows = _again(self, X)
        score = learner_type.scores[0]
        value = float(score.total(score.rows(self.learner_.predicted(rows), torch.from_numpy(rows))))
        return value if score.direction == "up" else -value

    def __reduce__(self) -> tuple[Any, ...]:
        """A class that was made is found again by its learner's."""
        return _unmade, (self.learner_type,), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        """What it was given and has learned; of the learner what it saves, since an optimizer knows its own by name."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        if "learner_" in state:
            it = state["learner_"]
            state["learner_"] = (it.source, it.config, it.seed, str(it.device), it.state_dict())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "learner_" in state:
            source, config, seed, device, learned = state["learner_"]
            self.learner_ = self.learner_type(source, config, seed=seed, device=device)
            self.learner_.load_state_dict(learned)


def _predict_proba(self: Any, X: Any) -> NDArray[Any]:
    """The probability of every class, in the order of ``classes_``, for each row of X: (n, K)."""
    rows = _again(self, X)
    probabilities: NDArray[Any] = self.learner_.predicted(rows).double().softmax(-1).cpu().numpy()
    return probabilities


def _binary_tags(self: Any) -> Any:
    """What scikit-learn asks of a classifier, for one of two classes and no more."""
    tags = sklearn.base.ClassifierMixin.__sklearn_tags__(self)
    tags.classifier_tags.multi_class = False
    return tags


def _transform(self: Any, X: Any) -> NDArray[Any]:
    """The code of each row of X (n, ...): (n, K), in numbers like its own."""
    rows = _again(self, X)
    code: NDArray[Any] = self.learner_.encode(torch.from_numpy(rows)).cpu().numpy()
    return code.astype(rows.dtype, copy=False)


def _inverse_transform(self: Any, X: Any) -> NDArray[Any]:
    """The rows that codes X (n, K) stand for."""
    rows: NDArray[Any] = self.learner_.decode(torch.from_numpy(_rows(X))).cpu().numpy()
    return rows


@cache  # the same class each time: a copy is one of it, and two can be compared
def estimator(learner_type: Any) -> Any:
    """The class of estimators of a learner that is a ``Predictor``; the same one each time."""
    parameters = _parameters(learner_type)
    namespace: dict[str, Any] = {
        "__init__": _constructor(parameters),
        "__module__": learner_type.__module__,
        "__doc__": _doc(learner_type),
        "learner_type": learner_type,
    }
    kind = learner_type.kind
    if kind == "classifier":
        namespace["predict_proba"] = _predict_proba
    if learner_type.binary and INSTALLED:
        namespace["__sklearn_tags__"] = _binary_tags
    if kind == "transformer":
        namespace |= {"transform": _transform, "inverse_transform": _inverse_transform}
    parents: tuple[type[Any], ...] = (Fits, Plain)
    if INSTALLED:
        parents = (Fits, *(getattr(sklearn.base, mixin) for mixin in _MIXINS[kind]), sklearn.base.BaseEstimator)
    return type(f"{learner_type.__name__}Estimator", parents, namespace)


def _parameters(learner_type: type[Any]) -> list[inspect.Parameter]:
    """The constructor's: the fields of the settings, then our own."""
    config_type, keyword = learner_type.config_type, inspect.Parameter.KEYWORD_ONLY
    hints = get_type_hints(config_type)
    taken = sorted(OWN.keys() & {field.name for field in fields(config_type)})
    if taken:
        raise TypeError(f"{config_type.__name__} has a setting {taken[0]}, which every estimator has of its own")
    made = []
    for field in fields(config_type):
        default = field.default if field.default_factory is MISSING else field.default_factory()
        made.append(inspect.Parameter(field.name, keyword, default=default, annotation=hints[field.name]))
    own = (("seed", 0, int), ("budget", learner_type.default_budget, int), ("device", "auto", str))
    return made + [inspect.Parameter(name, keyword, default=value, annotation=hint) for name, value, hint in own]


def _constructor(parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """An ``__init__`` that stores its arguments as they are, and whose signature names each of them."""
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.Signature([this, *parameters])

    def __init__(self: Any, **given: Any) -> None:
        bound = signature.bind(self, **given)
        bound.apply_defaults()
        for parameter in parameters:
            setattr(self, parameter.name, bound.arguments[parameter.name])

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def _doc(learner_type: type[Any]) -> str:
    """The learner's docstring, and what each argument means."""
    meanings = {**field_docs(learner_type.config_type), **OWN}
    lines = "\n".join(f"    {name}: {meaning}" for name, meaning in meanings.items())
    return f"{inspect.getdoc(learner_type)}\n\nArgs:\n{lines}"


def _unmade(learner_type: Any) -> Any:
    """An estimator whose attributes are still to come."""
    made: type[Any] = estimator(learner_type)
    return object.__new__(made)


def _checked(self: Any, X: Any, y: Any) -> tuple[NDArray[Any], Any]:
    """What it is to be fitted to, as finite arrays (n, ...) and (n,); it remembers their columns."""
    kind = self.learner_type.kind
    if INSTALLED:
        check = sklearn.utils.validation.validate_data
        if kind in UNLABELLED:
            return _numbers(check(self, X, allow_nd=True)), None
        rows, targets = check(self, X, y, allow_nd=True, y_numeric=kind == "regressor")
        if kind == "classifier":
            sklearn.utils.multiclass.check_classification_targets(targets)
        return _numbers(rows), targets if kind == "classifier" else _numbers(targets)
    rows = _rows(X)
    self.n_features_in_ = rows.shape[1]
    if kind in UNLABELLED:
        return rows, None
    targets = np.asarray(y)
    require(targets.shape == (len(rows),), f"y of shape {targets.shape}", f"({len(rows)},), a target for every row")
    return rows, targets if kind == "classifier" else _numbers(targets)


def _again(self: Any, X: Any) -> NDArray[Any]:
    """Rows like those that it was fitted to."""
    if INSTALLED:
        sklearn.utils.validation.check_is_fitted(self, "learner_")
        return _placed(self, _numbers(sklearn.utils.validation.validate_data(self, X, reset=False, allow_nd=True)))
    if not hasattr(self, "learner_"):
        raise UsageError(f"{type(self).__name__} was not fitted; expected fit(X, y) before it is asked")
    rows = _rows(X)
    require(rows.shape[1] == self.n_features_in_, f"{rows.shape[1]} columns", f"the {self.n_features_in_} of the fit")
    return _placed(self, rows)


def _placed(self: Any, rows: NDArray[Any]) -> NDArray[Any]:
    """Rows as the learner takes them: numbers of things are whole, and none is below 0."""
    if not self.learner_type.indexed:
        return rows
    numbers = rows.astype(np.int64)
    if (numbers != rows).any() or (numbers < 0).any():
        row = int(((numbers != rows) | (numbers < 0)).any(1).argmax())
        raise Unfit(f"row {row} of X: {rows[row].tolist()}; expected numbers of things, whole ones from 0")
    return numbers


def _rows(X: Any) -> NDArray[Any]:
    """Finite numbers (n, d, ...)."""
    rows = _numbers(np.asarray(X))
    require(rows.ndim >= 2 and len(rows) > 0, f"X of shape {rows.shape}", "rows (n, d), at least one")
    require(bool(np.isfinite(rows).all()), "X with values that are not finite", "finite numbers")
    return rows


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Integers as floating numbers; floating numbers as they are, in memory in order and, as PyTorch asks, writable."""
    return np.require(array if array.dtype.kind == "f" else array.astype(np.float64), requirements=("C", "W"))
