"""Fitted estimators of scikit-learn as estimators of ours, from files that skops wrote.

Such a file holds arrays and the names of types, and is read only where every one of these is trusted: by skops itself,
or on the list in ``palestra.learners.estimators.stored``. Nothing of it is pickle, and no name in it is imported that
is not on a list. What it can hold nevertheless are arrays that do not fit one another, which scikit-learn believes.

The file does not say what it was fitted to, so a data set is asked for. Whether ours then predicts as theirs does is
tried on its rows before anybody gets it.
"""

import json
import zipfile
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset
from palestra.engine.learner import Learner
from palestra.errors import PalestraError, UsageError, require
from palestra.learners.estimators.catalogue import INNER, INNERS, imported, kind_of, parameters
from palestra.learners.estimators.library_learner import LibraryLearner
from palestra.learners.estimators.rounds import parted, way_of
from palestra.learners.estimators.stored import read
from palestra.learners.registry import learner_type

LARGEST = 2**31
"""Bytes that a file may unpack to."""
COUNT = 1_000
"""Rows that both are tried on, as far as there are so many."""
KINDS = ("classifier", "regressor")
"""What an estimator has to be."""


def import_estimator(file: str | Path, data: str | Dataset, *, seed: int = 0) -> Learner:
    """An estimator of ours that predicts as the one in a file of skops does, to be saved, measured or exported.

    Args:
        file: what ``skops.io.dump`` wrote: a classifier or regressor of scikit-learn that is fitted, or a pipeline of
            such, by constructor arguments that text can give.
        data: what it is to be measured on, with its columns in their order, and its classes from 0.
        seed: of the learner.

    Raises UsageError for a file that is none, for types that nobody trusts, by name, and for an estimator that does not
    fit the data; PalestraError if ours would predict otherwise.
    """
    estimator = _read(Path(file))
    kind = kind_of(estimator) if hasattr(estimator, "get_params") else None
    said = type(estimator).__name__
    require(kind in KINDS, f"{file} with {said}", f"a {' or a '.join(KINDS)} of scikit-learn, or a pipeline of one")
    form = _told(estimator)
    name, arguments = form if isinstance(form, list) and _is_step(form) else (form, {})
    registered = learner_type(f"library-{kind}")
    settings: dict[str, Any] = {
        "estimator": name if isinstance(name, str) else json.dumps(name),
        "arguments": arguments,
    }
    learner = registered(data, registered.config_type(**settings), seed=seed)
    assert isinstance(learner, LibraryLearner)
    require(type(learner.model.estimator) is type(estimator), f"{file} with {said}", "scikit-learn's own class")
    rows = learner.train.inputs[:COUNT].flatten(1).numpy()
    _check_fit(estimator, learner, str(file))
    for part in (estimator, *(step for _, step in getattr(estimator, "steps", []))):
        vars(part).pop("feature_names_in_", None)  # ours are asked with arrays, of which it would say so every time
    _, last = parted(estimator)
    learner.model.estimator, learner.model.fitted = estimator, True
    learner.clock, learner.finished = _rounds(last), True
    _compare(learner, estimator, rows, str(file))
    return learner


def _read(file: Path) -> Any:
    """What the file holds. UsageError for everything that it should not."""
    expected = "a file that skops.io.dump wrote"
    require(file.is_file(), f"{file}, which is no file", expected)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            size = sum(member.file_size for member in archive.infolist())
        require("schema.json" in names, f"{file}, an archive without schema.json", expected)
        require(size <= LARGEST, f"{file}, which would unpack to {size:,} bytes", f"at most {LARGEST:,}")
        return read(file.read_bytes(), str(file))
    except UsageError:
        raise
    except Exception as error:  # of whatever is in it: archives, JSON, arrays, and what scikit-learn makes of them
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"{file} cannot be read: {type(error).__name__}: {said}; expected {expected}") from error


def _told(estimator: Any) -> Any:
    """An estimator as it is asked for: its name, [name, arguments], or a list of steps."""
    if isinstance(estimator, imported("sklearn.pipeline", "an estimator").Pipeline):
        return [_told(step) for _, step in estimator.steps]
    name = type(estimator).__name__
    require(hasattr(estimator, "get_params"), f"a step {short(estimator)}", "an estimator of scikit-learn")
    known, given = parameters(type(estimator)), {}
    for key, value in estimator.get_params(deep=False).items():
        if repr(value) != repr(known[key].default):
            given[key] = _value(name, key, value)
    return [name, given] if given else name


def _is_step(form: list[Any]) -> bool:
    return len(form) == 2 and isinstance(form[0], str) and isinstance(form[1], dict)


def _value(name: str, key: str, value: Any) -> Any:
    """An argument as JSON has it. UsageError for what has no such form."""
    if key in INNER and hasattr(value, "get_params"):
        return _told(value)
    if key in INNERS and isinstance(value, list):
        return [_told(part) for _, part in value]
    match value:
        case np.generic():
            return value.item()
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [_value(name, key, each) for each in value]
        case np.ndarray():
            return value.tolist()
        case dict() if all(isinstance(each, str) for each in value):
            return {each: _value(name, key, its) for each, its in value.items()}
    raise UsageError(f"{key}={short(value)} of {name}; expected a value that text can give, or the usual one")


def _rounds(last: Any) -> int:
    """Rounds that an estimator was fitted in."""
    way = way_of(last)
    if not way.counted:
        return 1
    return int(getattr(last, "n_iter_", None) or getattr(last, "n_estimators_", None) or way.usual)


def _check_fit(estimator: Any, learner: LibraryLearner, file: str) -> None:
    """Raise UsageError unless it is fitted, to as many columns and classes as the data has."""
    validation = imported("sklearn.utils.validation", "an estimator")
    try:
        validation.check_is_fitted(estimator)
    except Exception as error:  # NotFittedError, or what a damaged one says
        raise UsageError(f"{file}, whose {type(estimator).__name__} is not fitted; expected one that is") from error
    data, columns = learner.dataset.id, learner.train.inputs.flatten(1).shape[1]
    had = getattr(estimator, "n_features_in_", columns)
    require(had == columns, f"{file}, fitted to {had} columns, with {data!r} of {columns}", "the data of its columns")
    classes: NDArray[Any] | None = getattr(estimator, "classes_", None)
    if learner.kind == "classifier" and classes is not None:
        plain = isinstance(classes, np.ndarray) and classes.ndim == 1 and classes.dtype.kind in "iu"
        known = plain and classes.min() >= 0 and classes.max() < learner.num_classes
        listed = ", ".join(map(str, np.ravel(classes)[:6]))
        given = f"{file}, whose classes are {listed}"
        require(known, given, f"those of {data!r}, the numbers from 0 to {learner.num_classes - 1}")


def _compare(learner: LibraryLearner, estimator: Any, rows: NDArray[Any], file: str) -> None:
    """Raise PalestraError unless both predict the same of every row, UsageError if theirs cannot."""
    try:
        theirs = np.asarray(estimator.predict(rows))
        ours = learner.predict(learner.train.inputs[:COUNT].numpy())
    except Exception as error:  # of arrays in it that do not fit one another
        said = " ".join(str(error).split())[:300]
        raise UsageError(f"{file} cannot predict: {said}; expected an estimator that is whole") from error
    odd = np.ravel(ours != theirs) if ours.shape == theirs.shape else np.ones(len(rows), np.bool_)
    if odd.any():
        raise PalestraError(
            f"what was imported predicts otherwise than {file}, {int(odd.sum())} of {len(rows):,} times: it goes by"
            " probabilities where it has them, and one answer a row"
        )
