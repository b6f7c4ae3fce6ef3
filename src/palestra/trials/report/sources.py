"""From what is asked for to a case: the rows of a file, of a data set or of a run, and the estimator."""

from collections.abc import Mapping
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.datasets import polynomial, two_blobs
from palestra.datasets.arrays import named
from palestra.datasets.tables.source import ENCODINGS
from palestra.engine.estimator import estimator as face_of
from palestra.engine.predictor import Predictor
from palestra.errors import UsageError, require
from palestra.learners.estimators.catalogue import Columns, kind_of, make_estimator
from palestra.learners.estimators.library_learner import LibraryConfig
from palestra.learners.registry import learner_type
from palestra.recipes.registry import RECIPES, get_recipe
from palestra.runs.store import read_config
from palestra.trials.plan import Plan, resolve
from palestra.trials.report.asked import Asked, parsed
from palestra.trials.report.case import Case, Cost, Rows
from palestra.trials.report.references import in_rows
from palestra.trials.report.table import Table, read_tables
from palestra.trials.saved import saved_folder

TABLES = (".csv", ".tsv")
"""Endings of tables."""
ANY = Columns([0], [0])
"""Columns of either kind, to make an estimator and see what it is."""
MOST_NUMBERS, FEWEST_ROWS, MOST_ROWS = 2_000_000, 2_000, 20_000
"""A report looks at so many numbers, in no fewer and no more rows than these; of more, at a draw."""


def case_of(asked: Asked, out: str | Path = "runs") -> Case:
    """What a report is about. UsageError for anything that cannot be read, fitted or predicted."""
    if asked.run:
        plan = Plan.from_json(read_config(saved_folder(asked.run, out)))
        case = _of_plan(plan, asked)
    elif asked.estimator in RECIPES:
        case = _of_plan(resolve(get_recipe(asked.estimator), asked.settings), asked)
    else:
        require(bool(asked.data), "no data", "--data NAME or a CSV, or a run")
        case = _of_table(asked) if _is_table(asked.data) else _of_named(asked)
    return _checked(_drawn(case))


def case_of_arrays(
    estimator: Any,
    inputs: Any,
    target: Any,
    *,
    test: tuple[Any, Any] | None = None,
    group: Any = None,
    time: Any = None,
    features: tuple[str, ...] = (),
    **more: Any,
) -> Case:
    """A case of arrays that are there already, and an estimator with scikit-learn's face.

    Args:
        estimator: a classifier or a regressor, fitted or not.
        inputs: (n, p) numbers.
        target: (n,) classes, of whatever kind, or numbers.
        test: inputs and targets that are looked at once, in the end.
        group: (n,) which rows belong together.
        time: (n,) when.
        features: (p,) names of the columns.
        **more: other fields of the case.
    """
    rows, answers = np.asarray(inputs), np.asarray(target)
    classes: tuple[str, ...] = ()
    if kind_of(estimator) == "classifier":
        words, answers = np.unique(answers, return_inverse=True)
        classes = tuple(str(word) for word in words)
    later = None
    if test is not None:
        given = np.asarray(test[1])
        if classes:
            codes = {word: code for code, word in enumerate(words.tolist())}
            given = np.array([codes.get(each, -1) for each in given.tolist()])
        later = Rows(np.asarray(test[0]), given.astype(np.float64), np.arange(1, len(given) + 1))
    together = None if group is None else np.unique(np.asarray(group), return_inverse=True)[1].ravel()
    when = None if time is None else np.asarray(time, np.float64)
    development = Rows(rows, answers.astype(np.float64), np.arange(1, len(rows) + 1), together, when)
    names = features or tuple(f"column {j + 1}" for j in range(development.flat.shape[1]))
    called = type(estimator).__name__
    return _checked(Case(estimator, called, development, names, classes, test=later, data="arrays", **more))


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in TABLES


def _of_table(asked: Asked) -> Case:
    """An estimator on a file."""
    require(bool(asked.target), f"--data {asked.data} without --target", "the column that is to be predicted")
    require(bool(asked.estimator), f"--data {asked.data} without --estimator", "the estimator that it is about")
    wanted = kind_of(_estimator(asked, ANY))
    _check_kind(asked.estimator, wanted)
    table = read_tables(asked, classifies=wanted == "classifier")
    prototype, prefix = _fitting(asked, table)
    return _made(asked, prototype, prefix, table)


def _made(asked: Asked, prototype: Any, prefix: str, table: Table) -> Case:
    return Case(
        prototype, asked.estimator, table.development, table.features, table.classes, table.words, table.levels,
        table.test, Path(asked.data).name, asked.target, asked.reference, cost_of(asked.cost), asked.folds, asked.seed,
        asked, prefix, notes=table.notes,
    )  # fmt: skip


def _of_named(asked: Asked) -> Case:
    """An estimator on a data set with a name, as its learners see it."""
    require(not asked.target, f"--target {asked.target} of {asked.data}", "none: the data set says what is predicted")
    require(bool(asked.estimator), f"--data {asked.data} without --estimator", "the estimator that it is about")
    kind = kind_of(_estimator(asked, ANY))
    _check_kind(asked.estimator, kind)
    case = _of_dataset(asked, named(asked.data, {}), kind == "classifier")
    prototype = _estimator(asked, Columns(range(len(case.features)), []))
    return replace(in_rows(case), prototype=prototype, called=asked.estimator)


def _of_plan(plan: Plan, asked: Asked) -> Case:
    """What a run, or a recipe, learns and how, as an estimator."""
    kind: Any = learner_type(plan.learner.name).kind
    learns = isinstance(kind, type) and issubclass(kind, Predictor) and plan.source.key == "dataset"
    given = asked.run or asked.estimator
    if not (learns and kind.kind in ("classifier", "regressor")):
        raise UsageError(f"{given} learns no labels; expected a run or a recipe that predicts a class or a number")
    chosen = plan.learner.settings
    if isinstance(chosen, LibraryConfig):
        prototype = make_estimator(chosen.estimator, chosen.arguments)
    else:
        prototype = face_of(kind)(**vars(chosen), seed=plan.training.seed, budget=plan.training.budget)
    source = named(asked.data, {"target": asked.target} if asked.target else {}) if asked.data else plan.source
    case = _of_dataset(asked, source, kind.kind == "classifier")
    if isinstance(chosen, LibraryConfig):
        case = in_rows(case)
    return replace(case, prototype=prototype, called=plan.recipe or plan.learner.name, data=source.id)


def _of_dataset(asked: Asked, source: Any, classifies: bool) -> Case:
    """The splits of a data set: ``train`` and ``validation`` together are developed on, ``test`` is the test."""
    for name in ("group", "time", "test"):
        require(not getattr(asked, name), f"--{name} with a data set", "a CSV, whose columns have names")
    splits = source.load()
    first = splits["train"].targets
    whole = first is not None and not first.is_floating_point()
    require(first is not None and first.dim() == 1, f"{source.id}, which says no class and no number", "labels")
    require(whole == classifies, f"{source.id}, of {'classes' if whole else 'numbers'}",
            f"a {'classifier' if whole else 'regressor'} for it")  # fmt: skip
    parts = [splits[name] for name in ("train", "validation") if name in splits]
    inputs = np.concatenate([part.inputs.numpy() for part in parts])
    target = np.concatenate([part.targets.numpy() for part in parts if part.targets is not None]).astype(np.float64)
    development = Rows(inputs, target, np.arange(1, len(inputs) + 1))
    classes = source.class_names() if classifies else ()
    if classifies and not classes:
        classes = tuple(str(label) for label in range(int(target.max()) + 1))
    test = splits.get("test")
    later = None
    if test is not None and test.targets is not None:
        answers = test.targets.numpy().astype(np.float64)
        later = Rows(test.inputs.numpy(), answers, np.arange(1, len(answers) + 1))
    names = ENCODINGS[source.id](**source.kwargs).names if source.id in ENCODINGS else ()
    level = known_level(source) if asked.reference is None else asked.reference
    width, shape = development.flat.shape[1], inputs.shape[1:]
    features = tuple(names) if len(names) == width else tuple(f"input {j}" for j in range(width))
    return Case(
        None, "", development, features, tuple(classes), test=later, data=source.id, reference=level,
        cost=cost_of(asked.cost), folds=asked.folds, seed=asked.seed, asked=asked, encoded=source.id in ENCODINGS,
        picture=shape if len(shape) > 1 else (),
    )  # fmt: skip


def _estimator(asked: Asked, columns: Columns | None) -> Any:
    return make_estimator(
        asked.estimator, {name: parsed(text) for name, text in asked.settings.items()}, columns=columns
    )


def _fitting(asked: Asked, table: Table) -> tuple[Any, str]:
    """The estimator for a table, and what stands before its arguments: one that knows no words gets them as 0 and 1."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    numbers = [j for j in range(len(table.features)) if j not in table.words]
    made = _estimator(asked, Columns(numbers, list(table.words)))
    by_columns = any(isinstance(each, ColumnTransformer) for each in [made, *made.get_params().values()])
    if not by_columns:
        _check_gaps(asked, made, table)
    if by_columns or not table.words:
        return made, ""
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    words = ColumnTransformer([("words", encoder, list(table.words))], remainder="passthrough")
    whole = make_pipeline(words, made)
    return whole, f"{whole.steps[-1][0]}__"


def _check_gaps(asked: Asked, made: Any, table: Table) -> None:
    """UsageError for an estimator that takes no gaps and numbers that have some."""
    from sklearn.utils import get_tags

    if get_tags(made).input_tags.allow_nan:
        return
    for rows, file in ((table.development, asked.data), (table.test, asked.test)):
        if rows is None:
            continue
        gap = np.isnan(rows.flat)
        gap[:, list(table.words)] = False
        if gap.any():
            row, column = (int(each[0]) for each in np.nonzero(gap))
            raise UsageError(
                f"{file}, row {rows.number[row]}, column {table.features[column]}: no value, and {asked.estimator}"
                " takes none; expected one in every row, or a pipeline that fills gaps, such as"
                f""" --estimator '["table", "{type(made).__name__}"]'"""
            )


def _check_kind(name: str, kind: str | None) -> None:
    fine = kind in ("classifier", "regressor")
    require(fine, f"--estimator {name}, a {kind or 'transformer'}", "a classifier or a regressor")


def cost_of(text: str) -> Cost:
    """What ``missed=10,false_alarm=1`` says. UsageError for anything else."""
    values: dict[str, float] = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = pair.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            values["?"] = 0.0
    good = values.keys() <= set(Cost._fields) and all(np.isfinite(value) and value >= 0 for value in values.values())
    require(good, f"--cost {text}", "costs of a mistake of either kind, such as missed=10,false_alarm=1")
    return Cost(**values)


def _drawn(case: Case) -> Case:
    """The case with a draw of its rows, where there are more than a report looks at."""
    rows = case.development
    most = min(MOST_ROWS, max(FEWEST_ROWS, MOST_NUMBERS // max(1, rows.flat.shape[1])))
    if len(rows) <= most:
        return case
    drawn: NDArray[np.int64] = np.sort(np.random.default_rng([case.seed, 5]).permutation(len(rows))[:most])
    note = f"a draw of {most:,} of {len(rows):,} rows"
    return replace(case, development=rows.taken(drawn), notes=(*case.notes, note))


def _checked(case: Case) -> Case:
    """The case. UsageError for too few rows, a target of one class, and a reference that no error can be."""
    rows = case.development
    require(2 <= case.folds <= len(rows), f"--folds {case.folds} of {len(rows)} rows", f"2 to {len(rows)}")
    if case.classifies:
        there, count = np.unique(rows.target[rows.target >= 0], return_counts=True)
        word = case.classes[int(there[count.argmax()])]
        require(len(there) > 1, f"{case.target} is {word} in every row", "two classes or more")
        enough = len(rows) - count.max() > 1  # a training that does not see a single one would know but one class
        require(enough, f"{case.target} is {word} in every row but one", "two rows or more of other classes")
    else:
        spread = float(rows.target.std())
        require(spread > 0, f"{case.target} is {rows.target[0]:g} in every row", "numbers that differ")
    if rows.group is not None:
        number = len(np.unique(rows.group))
        require(case.folds <= number, f"--folds {case.folds} of {number} groups", f"2 to {number}")
    if case.reference is not None:
        most = 1.0 if case.classifies else float("inf")
        expected = "a share of rows from 0 to 1" if case.classifies else "a root mean squared error, 0 or more"
        require(0 <= case.reference <= most, f"--reference {case.reference}", expected)
    return case


def settings_of(case: Case) -> Mapping[str, Any]:
    """The estimator's own arguments that are not as by default, for the page."""
    known = case.prototype.get_params(deep=False)
    return {name: value for name, value in known.items() if isinstance(value, int | float | str | bool)}


def known_level(source: Any) -> float | None:
    """The least error that anything can have, where the data are made and it is known; None of all others."""
    match source.id:
        case "toy/polynomial":
            return float(source.kwargs.get("noise", signature(polynomial.load).parameters["noise"].default))
        case "toy/two-blobs":
            return 1 - two_blobs.best_accuracy(source.kwargs.get("shape", "beside"))
    return None
