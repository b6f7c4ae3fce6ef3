"""Cases with a known disease: an estimator and data in which one thing is wrong, or nothing, drawn by a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from palestra.trials.report.case import Case
from palestra.trials.report.sources import case_of_arrays

Array = NDArray[Any]
Draw = np.random.Generator
FOREST = {"n_estimators": 12}


@dataclass(frozen=True)
class Planted:
    """One case."""

    name: str
    """What is planted, in words."""
    disease: str
    """The diagnosis that it has to get."""
    make: Callable[[Draw], Case]
    """The case, from a generator."""
    beside: tuple[str, ...] = ()
    """Diagnoses that are right too."""


def case(estimator: Any, x: Array, y: Array, **more: Any) -> Case:
    """A case of arrays."""
    return case_of_arrays(estimator, x, y, **more)


def logistic(**settings: Any) -> Any:
    """Logistic regression behind a scaler that is fitted in each fold."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, **settings))


def some(rng: Draw, loaded: Any, rows: int) -> tuple[Array, Array]:
    """So many rows of a data set, drawn."""
    drawn = rng.permutation(len(loaded.data))[:rows]
    return loaded.data[drawn], loaded.target[drawn]


def sine(rng: Draw, rows: int, noise: float = 0.15) -> tuple[Array, Array]:
    """One column, two periods."""
    x = rng.uniform(-2 * np.pi, 2 * np.pi, (rows, 1))
    return x, np.sin(x[:, 0]) + noise * rng.normal(size=rows)


def line(rng: Draw, rows: int, columns: int, noise: float, used: int | None = None) -> tuple[Array, Array]:
    """Normal columns, the first of which make the target, of variance 1 before the noise."""
    x = rng.normal(2.0, 3.0, (rows, columns))
    used = used or columns
    weight = np.r_[rng.uniform(0.5, 1.5, used) * rng.choice([-1, 1], used), np.zeros(columns - used)]
    y = (x - 2.0) / 3.0 @ weight / np.sqrt((weight**2).sum())
    return x, y + noise * rng.normal(size=rows)


def clouds(rng: Draw, rows: int, distance: float, columns: int = 4, share: float = 0.5) -> tuple[Array, Array]:
    """Two normal clouds, so many deviations apart."""
    y = (rng.random(rows) < share).astype(int)
    x = rng.normal(5.0, 1.0, (rows, columns))
    return x + y[:, None] * distance / np.sqrt(columns), y


def rings(rng: Draw, rows: int) -> tuple[Array, Array]:
    """One ring around another."""
    y = rng.integers(0, 2, rows)
    angle, radius = rng.uniform(0, 2 * np.pi, rows), 1 + y + 0.15 * rng.normal(size=rows)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), y


def flipped(rng: Draw, y: Array, share: float) -> Array:
    """Labels, a share of which become another one."""
    classes = int(y.max()) + 1
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, classes, len(y))) % classes, y)


def _half(x: Array, y: Array, train: int) -> dict[str, Any]:
    return {"test": (x[train:], y[train:])}


def _copied_rows(rng: Draw) -> Case:
    x, y = clouds(rng, 400, 1.2)
    again = rng.integers(0, 400, 160)
    return case(KNeighborsClassifier(1), np.r_[x, x[again]], np.r_[y, y[again]])


def _copied_into_test(rng: Draw) -> Case:
    x, y = line(rng, 600, 6, 0.5)
    known = rng.permutation(400)[:60]
    return case(Ridge(), x[:400], y[:400], test=(np.r_[x[400:], x[known]], np.r_[y[400:], y[known]]))


def _oversampled(rng: Draw) -> Case:
    x, y = clouds(rng, 500, 1.5, share=0.12)
    rare = np.flatnonzero(y == 1)
    more = rng.choice(rare, 500 - 2 * len(rare))
    return case(RandomForestClassifier(**FOREST), np.r_[x, x[more]], np.r_[y, y[more]])


def _disguised_number(rng: Draw) -> Case:
    x, y = line(rng, 400, 6, 0.8)
    return case(Ridge(), np.c_[x, 3 + 2 * y + 0.02 * rng.normal(size=400)], y)


def _disguised_class(rng: Draw) -> Case:
    x, y = clouds(rng, 400, 1.5, 6)
    return case(logistic(), np.c_[x, y * 10 + rng.normal(size=400)], y)


def _scaled_whole(rng: Draw) -> Case:
    x, y = some(rng, datasets.load_breast_cancer(), 400)
    return case(LogisticRegression(max_iter=500), StandardScaler().fit_transform(x), y)


def _scaled_with_test(rng: Draw) -> Case:
    x, y = line(rng, 500, 5, 0.5)
    x = StandardScaler().fit_transform(x)
    return case(Ridge(), x[:350], y[:350], **_half(x, y, 350))


def _ranged_with_test(rng: Draw) -> Case:
    x, y = clouds(rng, 500, 2.5, 6)
    x = (x - x.min(0)) / (x.max(0) - x.min(0))
    return case(LogisticRegression(), x[:350], y[:350], **_half(x, y, 350))


def _chosen_by_target(rng: Draw) -> Case:
    x, y = rng.normal(size=(260, 3000)), rng.integers(0, 2, 260)
    known = x[:160], y[:160]
    apart = np.abs(known[0][known[1] == 1].mean(0) - known[0][known[1] == 0].mean(0))
    best = np.argsort(-apart)[:20]
    return case(logistic(), x[:160][:, best], y[:160], test=(x[160:][:, best], y[160:]))


def _filled_whole(rng: Draw) -> Case:
    x, y = line(rng, 400, 5, 0.5)
    x[rng.random(400) < 0.15, 1] = np.nan
    x[np.isnan(x[:, 1]), 1] = np.nanmean(x[:, 1])
    return case(Ridge(), x, y)


def _of_groups(rng: Draw) -> Case:
    group = np.repeat(np.arange(40), 10)
    x = rng.normal(size=(40, 6))[group] + 0.2 * rng.normal(size=(400, 6))
    y = rng.normal(size=40)[group] + 0.3 * rng.normal(size=400)
    return case(RandomForestRegressor(**FOREST), x, y, group=group)


def _of_patients(rng: Draw) -> Case:
    group = np.repeat(np.arange(50), 8)
    x = 2 * rng.normal(size=(50, 5))[group] + 0.3 * rng.normal(size=(400, 5))
    y = rng.integers(0, 2, 50)[group]
    return case(KNeighborsClassifier(3), x, y, group=group)


def _walk(rng: Draw) -> Case:
    when = np.arange(400.0)
    y = np.cumsum(rng.normal(size=400))
    return case(RandomForestRegressor(**FOREST), np.c_[when, rng.normal(size=(400, 2))], y, time=when)


def _drift(rng: Draw) -> Case:
    when = np.arange(500.0)
    y = ((np.sin(when / 25) + 0.3 * rng.normal(size=500)) > 0).astype(int)
    return case(KNeighborsClassifier(5), np.c_[when, 10 * rng.normal(size=(500, 1))], y, time=when)


def _moved_inputs(rng: Draw) -> Case:
    x, y = line(rng, 400, 4, 0.4)
    later, answers = line(rng, 200, 4, 0.4)
    return case(Ridge(), x, y, test=(later + np.array([4.0, 0, 0, 2.0]), answers))


def _moved_classes(rng: Draw) -> Case:
    x, y = clouds(rng, 500, 2.0)
    later, answers = clouds(rng, 250, 2.0, share=0.85)
    return case(logistic(), x, y, test=(later, answers))


def _moved_meaning(rng: Draw) -> Case:
    x, y = clouds(rng, 700, 3.0)
    return case(logistic(), x[:400], y[:400], test=(x[400:], 1 - y[400:]))


def _wrong_digits(rng: Draw) -> Case:
    x, y = some(rng, datasets.load_digits(), 600)
    return case(SVC(), x, flipped(rng, y, 0.1))


def _wrong_clouds(rng: Draw) -> Case:
    x, y = clouds(rng, 700, 4.5)
    return case(logistic(), x, flipped(rng, y, 0.1))


def _wrong_numbers(rng: Draw) -> Case:
    x, y = line(rng, 500, 5, 0.1)
    wrong = rng.random(500) < 0.1
    y[wrong] = rng.permutation(y)[wrong] + rng.choice([-4, 4], wrong.sum())
    return case(Ridge(), x, y)


def _rare(rng: Draw) -> Case:
    x, y = clouds(rng, 1000, 1.0, share=0.05)
    return case(logistic(), x, y)


def _rare_forest(rng: Draw) -> Case:
    x, y = clouds(rng, 1000, 1.5, 8, share=0.06)
    return case(RandomForestClassifier(**FOREST), x, y)


def _weak(rng: Draw) -> Case:
    x = rng.normal(size=(800, 5))
    y = (rng.random(800) < 1 / (1 + np.exp(-0.5 * x[:, 0]))).astype(int)
    return case(logistic(), x, y)


def _healthy_groups(rng: Draw) -> Case:
    x, y = line(rng, 400, 5, 0.4)
    return case(Ridge(), x, y, group=rng.integers(0, 40, 400))


def _healthy_times(rng: Draw) -> Case:
    x, y = line(rng, 400, 5, 0.4)
    return case(Ridge(), x, y, time=np.arange(400.0))


def _healthy_test(rng: Draw) -> Case:
    x, y = some(rng, datasets.load_breast_cancer(), 569)
    return case(logistic(), x[:400], y[:400], **_half(x, y, 400))


def _healthy_scaled_by_training(rng: Draw) -> Case:
    x, y = line(rng, 500, 5, 0.4)
    scaler = StandardScaler().fit(x[:350])
    x = scaler.transform(x)
    return case(Ridge(), x[:350], y[:350], **_half(x, y, 350))


def _healthy_rare(rng: Draw) -> Case:
    x, y = clouds(rng, 800, 5.0, share=0.1)
    return case(logistic(), x, y)


def _healthy_words(rng: Draw) -> Case:
    x = rng.integers(0, 3, (600, 4)).astype(float)
    y = (x.sum(1) + 0.3 * rng.normal(size=600) > 4).astype(int)
    return case(logistic(), x, y)


def _easy(rng: Draw) -> Case:
    x, y = datasets.make_classification(
        500, 12, n_informative=6, class_sep=2.0, flip_y=0.0, random_state=int(rng.integers(2**31))
    )
    return case(RandomForestClassifier(**FOREST), x, y)


PLANTED = (
    Planted("a line through a sine", "underfit", lambda r: case(LinearRegression(), *sine(r, 300))),
    Planted("a tree of depth 2 on digits", "underfit",
            lambda r: case(DecisionTreeClassifier(max_depth=2), *some(r, datasets.load_digits(), 600))),
    Planted("a line between rings", "underfit", lambda r: case(logistic(), *rings(r, 400))),
    Planted("ridge that shrinks too much", "underfit", lambda r: case(Ridge(alpha=1e5), *line(r, 300, 5, 0.3))),
    Planted("too many neighbours", "underfit", lambda r: case(KNeighborsRegressor(120), *sine(r, 300))),
    Planted("an unpruned tree under noise", "overfit",
            lambda r: case(DecisionTreeRegressor(), *line(r, 400, 5, 0.7))),
    Planted("an unpruned tree on nothing but noise", "overfit",
            lambda r: case(DecisionTreeRegressor(), *line(r, 400, 5, 20.0)), ("noise-floor",)),
    Planted("one neighbour where classes overlap", "overfit",
            lambda r: case(KNeighborsClassifier(1), *clouds(r, 600, 1.5))),
    Planted("least squares on 60 rows of 40 columns", "overfit",
            lambda r: case(LinearRegression(), *line(r, 60, 40, 0.5)), ("too-little-data",)),
    Planted("logistic regression on 60 digits", "too-little-data",
            lambda r: case(logistic(), *some(r, datasets.load_digits(), 60))),
    Planted("a forest on 90 digits", "too-little-data",
            lambda r: case(RandomForestClassifier(**FOREST), *some(r, datasets.load_digits(), 90)), ("overfit",)),
    Planted("ridge on 50 rows of 50 columns", "too-little-data",
            lambda r: case(Ridge(20.0), *line(r, 50, 50, 0.1))),
    Planted("a line under much noise", "noise-floor", lambda r: case(LinearRegression(), *line(r, 600, 5, 2.0))),
    Planted("a weak column", "noise-floor", _weak),
    Planted("a careful forest on noise", "noise-floor",
            lambda r: case(RandomForestRegressor(min_samples_leaf=25, **FOREST), *line(r, 500, 5, 4.0))),
    Planted("copied rows", "duplicates-across-split", _copied_rows),
    Planted("training rows in the test", "duplicates-across-split", _copied_into_test),
    Planted("oversampled before the split", "duplicates-across-split", _oversampled),
    Planted("the target in another unit", "target-leak", _disguised_number),
    Planted("the class in disguise", "target-leak", _disguised_class),
    Planted("scaled before the folds", "preprocessing-leak", _scaled_whole),
    Planted("scaled together with the test", "preprocessing-leak", _scaled_with_test),
    Planted("ranged together with the test", "preprocessing-leak", _ranged_with_test),
    Planted("columns chosen by the target", "preprocessing-leak", _chosen_by_target),
    Planted("gaps filled before the folds", "preprocessing-leak", _filled_whole),
    Planted("ten rows a group, numbers", "group-leak", _of_groups),
    Planted("eight rows a patient, classes", "group-leak", _of_patients),
    Planted("a random walk", "time-leak", _walk),
    Planted("a class that comes and goes", "time-leak", _drift),
    Planted("inputs that moved", "shift", _moved_inputs),
    Planted("classes that became rarer", "shift", _moved_classes),
    Planted("a meaning that turned", "shift", _moved_meaning),
    Planted("one in ten digits mislabelled", "label-noise", _wrong_digits),
    Planted("one in ten labels flipped", "label-noise", _wrong_clouds),
    Planted("one in ten numbers wrong", "label-noise", _wrong_numbers),
    Planted("one in twenty, hard to see", "class-skew", _rare),
    Planted("one in seventeen, by a forest", "class-skew", _rare_forest),
    Planted("30 rows", "not-enough-evidence", lambda r: case(SVC(), *clouds(r, 30, 1.5))),
    Planted("SVC on digits", "healthy", lambda r: case(SVC(), *some(r, datasets.load_digits(), 600))),
    Planted("logistic regression on cells", "healthy",
            lambda r: case(logistic(), *some(r, datasets.load_breast_cancer(), 569))),
    Planted("ridge on diabetes", "healthy",
            lambda r: case(Ridge(alpha=0.01), *some(r, datasets.load_diabetes(), 442))),
    Planted("ridge on a line", "healthy", lambda r: case(Ridge(), *line(r, 300, 5, 0.4))),
    Planted("logistic regression on wines", "healthy", lambda r: case(logistic(), *some(r, datasets.load_wine(), 178))),
    Planted("boosting on a sine", "healthy",
            lambda r: case(HistGradientBoostingRegressor(max_iter=60), *sine(r, 500))),
    Planted("a forest on separate classes", "healthy", _easy),
    Planted("a test drawn at random", "healthy", _healthy_test),
    Planted("scaled by the training rows", "healthy", _healthy_scaled_by_training),
    Planted("groups without effect", "healthy", _healthy_groups),
    Planted("times without effect", "healthy", _healthy_times),
    Planted("a rare class that is found", "healthy", _healthy_rare),
    Planted("few values, equal by chance", "healthy", _healthy_words),
)  # fmt: skip
"""All of them."""


def drawn(planted: Planted, seed: int) -> Case:
    """A case of one seed."""
    return planted.make(np.random.default_rng([seed, sum(planted.name.encode())]))
