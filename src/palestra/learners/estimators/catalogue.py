"""Which estimators of scikit-learn and XGBoost can be asked for, and how what is asked for becomes one.

Only names are looked up, among what scikit-learn itself publishes and two of XGBoost's; no text, whether typed or out
of a file, is ever imported. What can be asked for:

    LogisticRegression                                  a name; sklearn.linear_model.LogisticRegression is the same
    ["StandardScaler", ["LogisticRegression", {"C": 1}]]    a pipeline of steps, as JSON
    ["table", "LogisticRegression"]                     a table first: gaps filled, numbers scaled, words one-hot
    [{"age,fare": ["SimpleImputer"], "words": ["OneHotEncoder"]}, "LogisticRegression"]

A step is a name, a name with its arguments, or an object that says what happens to which columns: ``numbers``,
``words``, or their names or places with commas between them; columns that it does not name are left out. An estimator
within another is asked for in the same way: ``{"estimator": ["DecisionTreeClassifier", {"max_depth": 1}]}``.
"""

import importlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from palestra.errors import UsageError, missing_extra, require, unknown_name

MODULES = (
    "ensemble", "linear_model", "tree", "svm", "neighbors", "naive_bayes", "neural_network", "preprocessing", "impute",
    "cluster", "decomposition", "discriminant_analysis", "gaussian_process", "feature_selection", "calibration",
    "compose", "covariance", "cross_decomposition", "dummy", "isotonic", "kernel_approximation", "kernel_ridge",
    "manifold", "mixture", "model_selection", "multiclass", "multioutput", "pipeline", "random_projection",
    "semi_supervised",
)  # fmt: skip
"""Of scikit-learn, where estimators are looked for, the likeliest first. Not among them are those of texts, which read
files."""
LEFT_OUT = {
    "ColumnTransformer": 'an object of columns, such as {"numbers": ["StandardScaler"]}',
    "FunctionTransformer": "a transformer that has a name of its own: a function cannot be given as text",
    "LabelBinarizer": "nothing in its place: the data set numbers its classes",
    "LabelEncoder": "nothing in its place: the data set numbers its classes",
    "MultiLabelBinarizer": "nothing in its place: the data set numbers its classes",
    "Pipeline": 'a list of steps, such as ["StandardScaler", "LogisticRegression"]',
    "SparseCoder": "DictionaryLearning: a dictionary cannot be given as text",
}
"""Estimators of these modules that cannot be asked for by their name, and what is expected instead."""
BOOSTERS = ("XGBClassifier", "XGBRegressor")
"""Of XGBoost."""
MIXINS = (
    "ClassifierMixin", "RegressorMixin", "ClusterMixin", "TransformerMixin", "OutlierMixin", "DensityMixin",
    "MetaEstimatorMixin",
)  # fmt: skip
"""One of which every class that can be asked for is of."""
INNER = ("estimator", "final_estimator", "regressor", "transformer")
"""Arguments that are an estimator themselves."""
INNERS = ("estimators", "transformer_list")
"""Arguments that are a list of them."""
TABLE: dict[str, Any] = {
    "numbers": [["SimpleImputer", {"strategy": "median", "add_indicator": True}], "StandardScaler"],
    "words": [["OneHotEncoder", {"handle_unknown": "ignore", "sparse_output": False}]],
}
"""The step that is called ``table``. A gap among words is a word of its own."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are of numbers, and which of words: their places, or in a frame their names."""

    numbers: Sequence[int | str] = ()
    words: Sequence[int | str] = ()


def make_estimator(text: str, arguments: Mapping[str, Any] | None = None, *, columns: Columns | None = None) -> Any:
    """A fresh estimator.

    Args:
        text: what is asked for: a name, or a pipeline as JSON.
        arguments: of its constructor, as JSON values; of a part of it by path (``logisticregression__C``,
            ``estimator__max_depth``).
        columns: which columns ``numbers`` and ``words`` are; pandas frames say so themselves.

    Raises UsageError for an unknown name or argument, for a value that the estimator refuses, and where the package
    that has it is not installed.
    """
    values = dict(arguments or {})
    if text.lstrip().startswith(("[", "{")):
        made = _pipeline(_parsed(text), columns)
        _set(made, values)
    else:
        own = {name: value for name, value in values.items() if "__" not in name}
        made = _named(text.strip(), own, columns)
        _set(made, {name: value for name, value in values.items() if "__" in name})
    _check(made)
    return made


def kind_of(estimator: Any) -> str | None:
    """``classifier``, ``regressor``, ``clusterer``, ``outlier_detector``, ``density_estimator``, or None."""
    kind: str | None = imported("sklearn.utils", "an estimator").get_tags(estimator).estimator_type
    return kind


def called(kind: str | None) -> str:
    """What a kind is called in a sentence, with its article."""
    name = "transformer" if kind is None else kind.replace("_", " ")
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def names() -> tuple[str, ...]:
    """All that can be asked for by a name, in order; XGBoost's whether or not it is installed."""
    published = {name for room in MODULES for name in _published(room)}
    return tuple(sorted({*BOOSTERS, *published} - LEFT_OUT.keys()))


def parameters(cls: type[Any]) -> dict[str, inspect.Parameter]:
    """The arguments of a constructor by name, those among them that it hands on to the class above it."""
    found: dict[str, inspect.Parameter] = {}
    for each in cls.__mro__:
        if "__init__" in vars(each):
            own = list(inspect.signature(vars(each)["__init__"]).parameters.values())[1:]
            varied = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
            found = {**{one.name: one for one in own if one.kind not in varied}, **found}
            if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in own):
                break
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        expected = 'such as ["StandardScaler", ["LogisticRegression", {"C": 1}]]'
        where = f"{error.msg} at character {error.pos + 1}"
        raise UsageError(f"pipeline {text}: {where}; expected JSON, {expected}") from error


def _made(form: Any, columns: Columns | None) -> Any:
    """What a step asks for, or what an argument asks for that is an estimator."""
    match form:
        case str() if form.lstrip().startswith(("[", "{")):
            return _pipeline(_parsed(form), columns)
        case "table":
            return _by_columns(TABLE, columns)
        case str():
            return _named(form, {}, columns)
        case [str() as name, dict() as arguments]:
            return _named(name, arguments, columns)
        case dict():
            return _by_columns(form, columns)
        case list():
            return _pipeline(form, columns)
    raise UsageError(f"{form!r} for an estimator; expected a name, [name, arguments], or a list of such")


def _pipeline(form: Any, columns: Columns | None) -> Any:
    """A list of steps as scikit-learn's Pipeline, each called as its class in small letters."""
    if isinstance(form, dict) or _is_step(form):
        return _made(form, columns)
    require(isinstance(form, list) and len(form) > 0, f"pipeline {form!r}", "a list of steps, at least one")
    steps = [_made(step, columns) for step in form]
    return imported("sklearn.pipeline", "a pipeline").make_pipeline(*steps)


def _is_step(form: Any) -> bool:
    """Whether a list is a name with its arguments, and no pipeline."""
    return isinstance(form, list) and len(form) == 2 and isinstance(form[0], str) and isinstance(form[1], dict)


def _by_columns(form: Mapping[str, Any], columns: Columns | None) -> Any:
    """An object of columns as scikit-learn's ColumnTransformer."""
    compose = imported("sklearn.compose", "a pipeline by columns")
    chosen = {} if columns is None else {"numbers": list(columns.numbers), "words": list(columns.words)}
    by_type = {"numbers": {"dtype_include": "number"}, "words": {"dtype_exclude": "number"}}
    parts = []
    for asked, steps in form.items():
        if asked in by_type:
            places = chosen[asked] if chosen else compose.make_column_selector(**by_type[asked])
        else:
            places = [int(each) if each.strip().isdigit() else each.strip() for each in asked.split(",")]
        if places != []:
            parts.append((asked, _pipeline(steps if isinstance(steps, list) else [steps], columns), places))
    require(bool(parts), f"columns {', '.join(form) or 'of no name'} of a table that has none such", "at least one")
    return compose.ColumnTransformer(parts)


def _named(name: str, arguments: Mapping[str, Any], columns: Columns | None) -> Any:
    """An estimator by its name, with its arguments."""
    cls = _class(name)
    known = parameters(cls)
    for each in arguments:
        if each not in known:
            raise unknown_name(f"argument of {cls.__name__}", each, known)
    lacking = [each.name for each in known.values() if each.default is each.empty and each.name not in arguments]
    require(not lacking, f"{cls.__name__} without {', '.join(lacking)}", "them as its arguments")
    return cls(**{each: _argument(known[each], value, columns) for each, value in arguments.items()})


def _argument(parameter: inspect.Parameter, value: Any, columns: Columns | None) -> Any:
    """A value as JSON has it, as the constructor takes it."""
    if parameter.name in INNER and isinstance(value, str | list | dict):
        return _made(value, columns)
    if parameter.name in INNERS and isinstance(value, list):
        made = [_made(each, columns) for each in value]
        return imported("sklearn.pipeline", "a list of estimators").make_pipeline(*made).steps  # which names them
    return tuple(value) if isinstance(parameter.default, tuple) and isinstance(value, list) else value


def _set(estimator: Any, values: Mapping[str, Any]) -> None:
    """Give parts of an estimator other arguments."""
    known = estimator.get_params()
    for name, value in values.items():
        if name not in known:
            raise unknown_name(f"argument of {type(estimator).__name__}", name, known)
        estimator.set_params(**{name: tuple(value) if isinstance(known[name], tuple) else value})


def _check(estimator: Any) -> None:
    """Raise UsageError for a value that an estimator, or one within it, refuses."""
    for name, value in estimator.get_params().items():
        remembered = name.split("__")[-1] == "memory" and value is not None
        require(not remembered, f"{name}={value!r}", "none: what a folder remembers is read with pickle")
    for each in (estimator, *estimator.get_params().values()):
        if hasattr(each, "_parameter_constraints"):
            try:
                each._validate_params()
            except (TypeError, ValueError) as error:
                raise UsageError(" ".join(str(error).split())) from error


def _class(name: str) -> type[Any]:
    """The class of a name, ``sklearn.svm.SVC`` or ``SVC`` alone."""
    room, _, last = name.rpartition(".")
    if last in BOOSTERS and room in ("", "xgboost"):
        cls: type[Any] = getattr(imported("xgboost", last), last)
        return cls
    asked = [each for each in MODULES if room in ("", f"sklearn.{each}")]
    require(not asked or last not in LEFT_OUT, f"estimator {name}", LEFT_OUT.get(last, ""))
    for each in asked:
        published = _published(each)
        if last in published:
            return published[last]
    raise unknown_name("estimator", last if asked else name, names())


def _published(room: str) -> dict[str, type[Any]]:
    """Name to class of the estimators of one of ``MODULES``."""
    base = imported("sklearn.base", "an estimator of scikit-learn")
    mixins = tuple(getattr(base, mixin) for mixin in MIXINS)
    module = imported(f"sklearn.{room}", "an estimator of scikit-learn")
    found = (cls for cls in _classes(module) if issubclass(cls, base.BaseEstimator) and issubclass(cls, mixins))
    return {cls.__name__: cls for cls in found}


def _classes(module: ModuleType) -> Iterator[type[Any]]:
    """The classes that a module publishes as its own, those that can be made."""
    for name, cls in vars(module).items():
        if inspect.isclass(cls) and not name.startswith("_") and not inspect.isabstract(cls) and name == cls.__name__:
            path = cls.__module__.split(".")
            hidden = next((at for at, part in enumerate(path) if part.startswith("_")), len(path))
            if ".".join(path[:hidden]) == module.__name__:
                yield cls


def imported(name: str, what_for: str) -> Any:
    """A module that the [ml] extra brings, whose name stands in the source and nowhere else."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise missing_extra("ml", what_for) from error
