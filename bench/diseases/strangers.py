"""Cases by somebody who knew neither the limits nor the cases of this house: what is wrong is the model, or nothing.

None is left out because it is named wrongly. Where two things are true of one by its making, it says so; what was only
named is never made right by that.
"""

from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from diseases.columns import (
    Table,
    columns,
    cut,
    inputs,
    loaded,
    made,
    mixed,
    moved,
    published,
    seed,
    some_of,
    whole,
)
from diseases.planted import Draw, Planted
from diseases.tables import asked
from palestra.trials.report.case import Case

TREES = {"n_estimators": 20}


def scaled(name: str, **settings: Any) -> list[Any]:
    """A pipeline: an estimator behind a scaler."""
    return ["StandardScaler", [name, settings]]


def digits(rng: Draw, rows: int | None = None) -> Table:
    """So many digits, all if not said, in any order."""
    return mixed(rng, loaded(datasets.load_digits()), rows)


def _few_rounds(rng: Draw) -> Case:
    table = mixed(rng, published("diamonds", "price", "carat", "depth", "table", "x", "y", "z"), 3000)
    return asked("HistGradientBoostingRegressor", table, settings={"max_iter": 3, "learning_rate": 0.05})


def _two_units(rng: Draw) -> Case:
    network = scaled("MLPClassifier", hidden_layer_sizes=[2], max_iter=30, random_state=seed(rng))
    return asked(network, digits(rng))


def _exclusive_words(rng: Draw) -> Case:
    colour, weather = rng.choice(["red", "blue"], 1200), rng.choice(["wet", "dry"], 1200)
    y = np.where((colour == "red") ^ (weather == "wet"), "good", "bad")
    return asked("GaussianNB", {"a": colour, "b": weather, "x": rng.normal(size=1200), "y": y})


def _degree_18(rng: Draw) -> Case:
    x = rng.uniform(-1, 1, (80, 1))
    steps = [["PolynomialFeatures", {"degree": 18}], "LinearRegression"]
    return asked(steps, columns(x, np.sin(3 * x[:, 0]) + rng.normal(0, 0.3, 80)))


def _wide_network(rng: Draw) -> Case:
    table = made(rng, datasets.make_classification, 500, 20, n_informative=3, n_redundant=0, class_sep=0.6, flip_y=0)
    settings = {"hidden_layer_sizes": [200], "alpha": 0, "max_iter": 800, "random_state": seed(rng)}
    return asked(scaled("MLPClassifier", **settings), table)


def _four_classes(rng: Draw) -> Case:
    table = made(
        rng, datasets.make_classification, 250, 15, n_informative=12, n_redundant=0, n_classes=4, class_sep=1.5,
        flip_y=0,
    )  # fmt: skip
    return asked("SVC", table)


def _waves(rng: Draw) -> Case:
    x = rng.uniform(-2, 2, (200, 4))
    y = np.sin(2 * x[:, 0]) * x[:, 1] + np.cos(2 * x[:, 2]) * x[:, 3]
    return asked("SVR", columns(x, y), settings={"C": 100.0})


def _network_of_few(rng: Draw) -> Case:
    table = digits(rng, 150)
    table = moved(table, inputs(table), lambda x: x / 16)
    return asked("MLPClassifier", table, settings={"max_iter": 400, "random_state": seed(rng)})


def _mostly_noise(rng: Draw) -> Case:
    table = made(rng, datasets.make_regression, 1500, 5, noise=0)
    return asked("Ridge", {**table, "y": table["y"] + rng.normal(0, 2 * table["y"].std(), 1500)})


def _overlap(rng: Draw) -> Case:
    y = rng.integers(0, 2, 2000)
    x = rng.normal(size=(2000, 3)) + 0.3 * y[:, None]
    return asked("LogisticRegression", columns(x, np.where(y, "yes", "no")))


def _coin(rng: Draw) -> Case:
    return asked("LogisticRegression", columns(rng.normal(size=(1000, 6)), rng.integers(0, 2, 1000)))


def _noisy_sine(rng: Draw) -> Case:
    x = rng.uniform(0, 6, (3000, 1))
    table = columns(x, np.sin(x[:, 0]) + rng.normal(0, 1.4, 3000))
    return asked("HistGradientBoostingRegressor", table, settings={"max_iter": 30, "max_leaf_nodes": 8})


def _wages(rng: Draw) -> Case:
    known = ("year", "age", "maritl", "race", "education", "jobclass", "health")
    return asked(["table", "Ridge"], mixed(rng, published("wage", "wage", *known)))


def _fraud(rng: Draw) -> Case:
    y = (rng.random(10_000) < 0.02).astype(int)
    x = rng.normal(size=(10_000, 5)) + 0.9 * y[:, None] * np.array([1, 1, 0, 0, 1])
    return asked("LogisticRegression", columns(x, np.where(y, "fraud", "ok")))


def _three_states(rng: Draw) -> Case:
    y = rng.choice(3, 2500, p=[0.82, 0.13, 0.05])
    x = rng.normal(size=(2500, 2)) + np.array([[0, 0], [1.2, 0], [0, 1.2]])[y]
    return asked("SVC", columns(x, np.array(["normal", "warn", "fail"])[y]))


def _caravans(rng: Draw) -> Case:
    table = mixed(rng, published("caravan", "Purchase"), 3000)
    return asked(["StandardScaler", "LogisticRegression"], some_of(table, *inputs(table)[-29:]))


def _shops(rng: Draw) -> Case:
    table = made(
        rng, datasets.make_classification, 1500, 8, n_informative=5, class_sep=2, n_clusters_per_class=1, flip_y=0
    )
    shop = rng.integers(0, 40, 1500)
    return asked("RandomForestClassifier", {**table, "shop": shop}, group="shop", settings=TREES)


def _dated(rng: Draw) -> Case:
    table = made(rng, datasets.make_regression, 1000, 6, noise=8)
    day = np.datetime64("2020-01-01") + np.arange(1000)
    return asked("LinearRegression", {**table, "date": day.astype(str)}, time="date")


def _fresh_blobs(rng: Draw) -> Case:
    known, test = cut(rng, made(rng, datasets.make_blobs, 1200, 5, centers=4, cluster_std=2.0), 0.3)
    return asked("GaussianNB", known, test=test)


def _scaled_by_training(rng: Draw) -> Case:
    table = loaded(datasets.load_breast_cancer())
    known, test = cut(rng, table, 0.3, stratified=True)
    scaler = StandardScaler().fit(np.stack([known[name] for name in inputs(table)], 1))
    known, test = (moved(part, inputs(table), scaler.transform) for part in (known, test))
    return asked("SVC", known, test=test)


def _rare_but_found(rng: Draw) -> Case:
    y = (rng.random(3000) < 0.06).astype(int)
    return asked("LogisticRegression", columns(rng.normal(size=(3000, 4)) + 2.5 * y[:, None], y))


def _twelve_words(rng: Draw) -> Case:
    table = made(rng, datasets.make_blobs, 2400, 8, centers=12, cluster_std=2.0)
    kinds = np.array([f"kind {letter}" for letter in "ABCDEFGHIJKL"])
    return asked("KNeighborsClassifier", {**table, "y": kinds[table["y"]]})


def _rule_of_words(rng: Draw) -> Case:
    table = {name: rng.choice(list("abcd"), 1500) for name in ("buying", "doors", "safety", "persons", "lug")}
    refused = (table["safety"] == "a") | (table["persons"] == "b")
    y = np.where(refused, "no", np.where(table["buying"] == "c", "maybe", "yes"))
    return asked(["table", "DecisionTreeClassifier"], {**table, "y": y})


def _energy(rng: Draw) -> Case:
    speed, mass = rng.uniform(1, 10, 900), rng.uniform(1, 5, 900)
    table = {"mass": mass, "speed": speed, "height": rng.uniform(0, 3, 900)}
    y = 0.5 * mass * speed * speed + 9.81 * mass * rng.uniform(0, 0.05, 900)
    return asked([["PolynomialFeatures", {"degree": 3}], "LinearRegression"], {**table, "y": y})


def _many_rows(rng: Draw) -> Case:
    table = made(
        rng, datasets.make_classification, 20_000, 15, n_informative=8, class_sep=1.6, n_clusters_per_class=1,
        flip_y=0,
    )  # fmt: skip
    return asked("HistGradientBoostingClassifier", table, settings={"max_iter": 40})


def _gaps(rng: Draw) -> Case:
    word, a, b, c = rng.choice(["x", "y", "z"], 1500), *rng.normal(size=(3, 1500))
    y = np.where(3 * a + np.where(word == "x", 3, -1) + 0.8 * b > 0, "go", "stay")
    c[rng.random(1500) < 0.05] = np.nan
    return asked(["table", "LogisticRegression"], {"k": word, "a": a, "b": b, "c": c, "y": y})


STRANGERS = (
    Planted("a line between circles", "underfit",
            lambda r: asked("LogisticRegression", made(r, datasets.make_circles, 800, noise=0.1, factor=0.5))),
    Planted("one question for four classes", "underfit",
            lambda r: asked("DecisionTreeClassifier",
                            made(r, datasets.make_classification, 2000, 12, n_informative=8, n_classes=4, flip_y=0,
                                 class_sep=1.5), settings={"max_depth": 1})),
    Planted("ridge that leaves nothing of ten columns", "underfit",
            lambda r: asked("Ridge", made(r, datasets.make_regression, 600, 10, noise=10), settings={"alpha": 1e5})),
    Planted("a line through Friedman's function", "underfit",
            lambda r: asked("LinearRegression", made(r, datasets.make_friedman1, 1500, noise=0.5))),
    Planted("a straight margin between moons", "underfit",
            lambda r: asked("SVC", made(r, datasets.make_moons, 600, noise=0.12), settings={"kernel": "linear"})),
    Planted("three small rounds on diamonds", "underfit", _few_rounds),
    Planted("two units for ten digits", "underfit", _two_units),
    Planted("naive Bayes where two words exclude", "underfit", _exclusive_words),
    Planted("a whole tree, four of twenty columns", "overfit",
            lambda r: asked("DecisionTreeClassifier",
                            made(r, datasets.make_classification, 1000, 20, n_informative=4, class_sep=0.7,
                                 flip_y=0))),
    Planted("degree 18 through 80 points", "overfit", _degree_18),
    Planted("one neighbour where moons overlap", "overfit",
            lambda r: asked("KNeighborsClassifier", made(r, datasets.make_moons, 800, noise=0.45),
                            settings={"n_neighbors": 1})),
    Planted("a kernel that reaches no neighbour", "overfit",
            lambda r: asked(scaled("SVC", gamma=10), mixed(r, loaded(datasets.load_breast_cancer())))),
    Planted("a whole tree on diabetes", "overfit",
            lambda r: asked("DecisionTreeRegressor", mixed(r, loaded(datasets.load_diabetes())))),
    Planted("a whole random tree under noise", "overfit",
            lambda r: asked("ExtraTreeRegressor", made(r, datasets.make_friedman1, 1000, noise=3))),
    Planted("least squares on 150 rows of 110 columns", "overfit",
            lambda r: asked("LinearRegression",
                            made(r, datasets.make_regression, 150, 110, n_informative=5, noise=40)),
            ("too-little-data",)),
    Planted("a wide network on 500 rows", "overfit", _wide_network),
    Planted("SVC on 120 digits", "too-little-data", lambda r: asked("SVC", digits(r, 120))),
    Planted("a forest on 100 rows of Friedman's", "too-little-data",
            lambda r: asked("RandomForestRegressor", made(r, datasets.make_friedman1, 100, noise=0.1),
                            settings={"n_estimators": 25})),
    Planted("SVC on 250 rows of four classes", "too-little-data", _four_classes),
    Planted("SVR on 200 rows of waves", "too-little-data", _waves),
    Planted("a network on 150 digits", "too-little-data", _network_of_few),
    Planted("noise of twice the signal", "noise-floor", _mostly_noise),
    Planted("classes a third of a deviation apart", "noise-floor", _overlap),
    Planted("a coin", "noise-floor", _coin),
    Planted("boosting on a sine under noise", "noise-floor", _noisy_sine),
    Planted("ridge on wages", "noise-floor", _wages),
    Planted("one in twenty of four thousand", "class-skew",
            lambda r: asked("LogisticRegression",
                            made(r, datasets.make_classification, 4000, 10, n_informative=4, weights=[0.95],
                                 class_sep=0.6, flip_y=0))),
    Planted("one fraud in fifty", "class-skew", _fraud),
    Planted("three states, one of them one in twenty", "class-skew", _three_states),
    Planted("caravans", "class-skew", _caravans, ("noise-floor",)),
    Planted("logistic regression on iris", "healthy",
            lambda r: asked("LogisticRegression", mixed(r, loaded(datasets.load_iris())), settings={"max_iter": 1000})),
    Planted("logistic regression on tumours", "healthy",
            lambda r: asked(["StandardScaler", "LogisticRegression"],
                            mixed(r, loaded(datasets.load_breast_cancer())))),
    Planted("a forest on wines", "healthy",
            lambda r: asked("RandomForestClassifier", mixed(r, loaded(datasets.load_wine())), settings=TREES)),
    Planted("SVC on all digits", "healthy", lambda r: asked("SVC", digits(r))),
    Planted("ridge on eight columns", "healthy",
            lambda r: asked("Ridge", made(r, datasets.make_regression, 800, 8, noise=10), settings={"alpha": 0.1})),
    Planted("boosting on Friedman's function", "healthy",
            lambda r: asked("HistGradientBoostingRegressor", made(r, datasets.make_friedman1, 4000, noise=0.5),
                            settings={"max_iter": 40})),
    Planted("neighbours between moons", "healthy",
            lambda r: asked("KNeighborsClassifier", made(r, datasets.make_moons, 1000, noise=0.1))),
    Planted("kinds of penguins", "healthy",
            lambda r: asked(["table", "LogisticRegression"], mixed(r, whole(published("penguins", "species"))))),
    Planted("shops without effect", "healthy", _shops),
    Planted("days without effect", "healthy", _dated),
    Planted("blobs and a test of them", "healthy", _fresh_blobs),
    Planted("tumours scaled by the training rows", "healthy", _scaled_by_training),
    Planted("boosting on diamonds", "healthy",
            lambda r: asked(["table", "HistGradientBoostingRegressor"],
                            mixed(r, published("diamonds", "price"), 5000))),
    Planted("six in a hundred, all found", "healthy", _rare_but_found),
    Planted("SVC between circles", "healthy",
            lambda r: asked("SVC", made(r, datasets.make_circles, 700, noise=0.08, factor=0.5))),
    Planted("twelve kinds", "healthy", _twelve_words),
    Planted("a rule of words", "healthy", _rule_of_words),
    Planted("the energy of a body", "healthy", _energy),
    Planted("twenty thousand rows", "healthy", _many_rows),
    Planted("words, numbers and gaps", "healthy", _gaps),
)  # fmt: skip
"""All of them whose data are as they should be."""
