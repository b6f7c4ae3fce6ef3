"""Cases as files: tables with words, gaps, dates and customers, written and asked about as the command line does."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from diseases.planted import Array, Draw, Planted
from palestra.trials.report.asked import Asked
from palestra.trials.report.case import Case
from palestra.trials.report.sources import case_of

Columns = Mapping[str, Array]
"""Name to the values of a column, words or numbers; ``y`` is what is predicted."""


def asked(estimator: Any, columns: Columns, *, test: Columns | None = None, **more: Any) -> Case:
    """A case of a table that was written and read again; a pipeline is a list.

    Args:
        estimator: its name, or the list of its steps.
        columns: of the table.
        test: of the table that is looked at once.
        **more: as ``Asked`` has them.
    """
    name = estimator if isinstance(estimator, str) else json.dumps(estimator)
    with TemporaryDirectory() as folder:
        data, later = Path(folder, "table.csv"), Path(folder, "test.csv")
        data.write_text(_text(columns))
        if test is not None:
            later.write_text(_text(test))
            more["test"] = str(later)
        return case_of(Asked(estimator=name, data=str(data), target="y", **more))


def _text(columns: Columns) -> str:
    lines = [",".join(columns), *(",".join(map(_word, row)) for row in zip(*columns.values()))]
    return "\n".join(lines) + "\n"


def _word(value: Any) -> str:
    return "" if isinstance(value, float) and np.isnan(value) else str(value)


def parts(columns: Columns, rows: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """The first rows of a table, and the others."""
    return {name: each[:rows] for name, each in columns.items()}, {name: each[rows:] for name, each in columns.items()}


def words(rng: Draw, rows: int, *known: str) -> Array:
    """A column of words."""
    return np.array(known)[rng.integers(0, len(known), rows)]


def flats(rng: Draw, rows: int, noise: float = 8.0) -> dict[str, Array]:
    """Flats: area, floor, district and age, a gap here and there, and a rent that they make."""
    area, floor = rng.uniform(20, 120, rows).round(1), rng.integers(0, 9, rows)
    district, age = words(rng, rows, "north", "south", "old town"), rng.gamma(2.0, 15.0, rows).round(1)
    worth = np.select([district == "north", district == "south"], [0.0, 12.0], 30.0)
    rent = 10 + 0.8 * area + 1.5 * floor + worth - 0.2 * age + noise * rng.normal(size=rows)
    age[rng.random(rows) < 0.05] = np.nan
    return {"area": area, "floor": floor, "district": district, "age": age, "y": rent.round(2)}


def patients(rng: Draw, rows: int, strength: float = 1.0, share: float = 0.5) -> dict[str, Array]:
    """Patients: two values of the blood, sex, whether they smoke; ill or well by a sum of these and chance."""
    marker, pressure = rng.normal(5, 1, rows).round(3), rng.normal(120, 15, rows).round(1)
    sex, smokes = words(rng, rows, "f", "m"), words(rng, rows, "yes", "no")
    score = strength * (1.6 * (marker - 5) + (pressure - 120) / 15 + 0.8 * (smokes == "yes"))
    score += rng.logistic(size=rows)
    ill = score > np.quantile(score, 1 - share)
    return {"marker": marker, "pressure": pressure, "sex": sex, "smokes": smokes, "y": np.where(ill, "ill", "well")}


def spread(rng: Draw, rows: int, distance: float, classes: int = 3, columns: int = 5) -> dict[str, Array]:
    """Some clouds, of classes with words for names."""
    label = rng.integers(0, classes, rows)
    middle = distance * rng.normal(size=(classes, columns)) / np.sqrt(2)
    x = middle[label] + rng.normal(size=(rows, columns))
    return {**{f"x{j}": x[:, j] for j in range(columns)}, "y": np.array([f"kind {each}" for each in label])}


def _stump(rng: Draw) -> Case:
    table = flats(rng, 500, 4.0)
    table["y"] = np.where((table["area"] > 70) ^ (table["floor"] > 3), "dear", "cheap")
    return asked("DecisionTreeClassifier", table, settings={"max_depth": "1"})


def _product(rng: Draw) -> Case:
    a, b = rng.normal(size=600), rng.normal(size=600)
    return asked(["StandardScaler", "Ridge"], {"a": a, "b": b, "y": a * b + 0.1 * rng.normal(size=600)})


def _many_powers(rng: Draw) -> Case:
    x = rng.uniform(-1, 1, 80)
    steps = [["PolynomialFeatures", {"degree": 18}], "LinearRegression"]
    return asked(steps, {"x": x, "y": np.sin(3 * x) + 0.3 * rng.normal(size=80)})


def _by_heart(rng: Draw) -> Case:
    return asked(["table", ["KNeighborsRegressor", {"n_neighbors": 1}]], flats(rng, 700, 25.0))


def _deep(rng: Draw) -> Case:
    return asked(["table", "DecisionTreeClassifier"], patients(rng, 900))


def _prototypes(rng: Draw) -> Case:
    label = np.arange(100) % 10
    x = rng.normal(size=(10, 30))[label] + 1.5 * rng.normal(size=(100, 30))
    table = {**{f"x{j}": x[:, j] for j in range(30)}, "y": np.array([f"kind {each}" for each in label])}
    return asked(["StandardScaler", "LogisticRegression"], table)


def _mostly_chance(rng: Draw) -> Case:
    table = flats(rng, 900, 60.0)
    return asked(["table", "Ridge"], table)


def _numbered_copies(rng: Draw) -> Case:
    table = patients(rng, 450)
    rows = rng.permutation(np.r_[np.arange(450), rng.integers(0, 450, 150)])
    again = {name: each[rows] for name, each in table.items()}
    return asked(["table", "RandomForestClassifier"], {"id": np.arange(1, 601), **again})


def _nearly_copied(rng: Draw) -> Case:
    table = spread(rng, 500, 1.6)
    known, test = parts(table, 360)
    twice, later = rng.permutation(360)[:60], {}
    for name, each in test.items():
        copied = known[name][twice]
        later[name] = np.concatenate([each, copied if name == "y" else copied + 0.01 * rng.normal(size=60)])
    return asked("RandomForestClassifier", known, test=later, settings={"n_estimators": "30"})


def _rounded_copies(rng: Draw) -> Case:
    x = rng.normal(50, 10, (400, 5))
    y = x @ rng.uniform(-1, 1, 5) + 8 * rng.normal(size=400)
    again = rng.integers(0, 400, 100)
    x, y = np.r_[x, x[again].round(0)], np.r_[y, y[again]]
    order = rng.permutation(500)
    return asked("KNeighborsRegressor", {**{f"x{j}": x[order, j] for j in range(5)}, "y": y[order]})


def _decided_after(rng: Draw) -> Case:
    table = patients(rng, 600)
    treated = np.where(table["y"] == "ill", words(rng, 600, "ward 3", "ward 4"), "home")
    return asked(["table", "LogisticRegression"], {**table, "sent to": treated})


def _other_currency(rng: Draw) -> Case:
    table = flats(rng, 500, 20.0)
    return asked(["table", "HistGradientBoostingRegressor"], {**table, "in dollars": (1.08 * table["y"]).round(0)})


def _scaled_first(rng: Draw) -> Case:
    table = spread(rng, 600, 1.8)
    for name in list(table)[:-1]:
        table[name] = (table[name] - table[name].mean()) / table[name].std()
    known, test = parts(table, 420)
    return asked("LogisticRegression", known, test=test)


def _mean_of_the_target(rng: Draw) -> Case:
    street = rng.integers(0, 60, 600)
    y = 3 * rng.normal(size=60)[street] + 5 * rng.normal(size=600)
    by_street = (np.bincount(street, y) / np.bincount(street))[street]
    return asked("Ridge", {"street": by_street, "area": rng.normal(size=600), "y": y})


def _customers(rng: Draw) -> Case:
    who = np.repeat(np.arange(60), 9)
    x = 1.5 * rng.normal(size=(60, 4))[who] + 0.4 * rng.normal(size=(540, 4))
    stays = rng.integers(0, 2, 60)[who]
    order = rng.permutation(540)
    table = {**{f"habit {j}": x[order, j] for j in range(4)}, "customer": np.array([f"c{each}" for each in who[order]])}
    return asked(["StandardScaler", "SVC"], {**table, "y": np.where(stays[order], "stays", "goes")}, group="customer")


def _demand(rng: Draw) -> Case:
    day = np.datetime64("2024-01-01") + np.arange(500)
    level = np.cumsum(rng.normal(size=500))
    table = {"day": np.arange(500), "date": day.astype(str), "price": rng.normal(size=500).round(2), "y": level}
    return asked("HistGradientBoostingRegressor", table, time="date")


def _other_unit(rng: Draw) -> Case:
    known, test = parts(flats(rng, 700), 500)
    return asked(["table", "Ridge"], known, test={**test, "area": (10.76 * test["area"]).round(1)})


def _more_of_one(rng: Draw) -> Case:
    known, others = patients(rng, 600, 1.5), patients(rng, 900, 1.5)
    ill = np.flatnonzero(others["y"] == "ill")
    kept = np.r_[ill, np.flatnonzero(others["y"] == "well")[:60]]
    return asked(["table", "LogisticRegression"], known, test={name: each[kept] for name, each in others.items()})


def _other_rule(rng: Draw) -> Case:
    known, test = parts(flats(rng, 800, 6.0), 550)
    return asked(["table", "Ridge"], known, test={**test, "y": (150 - 0.8 * test["y"]).round(2)})


def _flipped_words(rng: Draw) -> Case:
    table = spread(rng, 800, 4.5)
    wrong = rng.random(800) < 0.12
    table["y"] = np.where(wrong, words(rng, 800, "kind 0", "kind 1", "kind 2"), table["y"])
    return asked("RandomForestClassifier", table, settings={"min_samples_leaf": "5"})


def _slipped_points(rng: Draw) -> Case:
    table = flats(rng, 700, 5.0)
    slipped = rng.random(700) < 0.08
    table["y"] = np.where(slipped, 10 * table["y"], table["y"]).round(2)
    return asked(["table", "LinearRegression"], table)


def _few_ill(rng: Draw) -> Case:
    return asked(["table", "RandomForestClassifier"], patients(rng, 1500, 0.8, 0.04))


def _few_rows(rng: Draw) -> Case:
    return asked(["table", "Ridge"], flats(rng, 24, 20.0))


def _healthy_flats(rng: Draw) -> Case:
    return asked(["table", "Ridge"], flats(rng, 600))


def _healthy_patients(rng: Draw) -> Case:
    known, test = parts(patients(rng, 1200, 2.0), 800)
    return asked(["table", "LogisticRegression"], known, test=test)


def _healthy_large(rng: Draw) -> Case:
    table = spread(rng, 4000, 3.5, 4)
    return asked(["StandardScaler", "LogisticRegression"], {"id": np.arange(4000), **table}, drop=("id",))


def _healthy_dates(rng: Draw) -> Case:
    table = flats(rng, 500)
    day = np.datetime64("2024-01-01") + np.arange(500)
    tenant = np.array([f"t{each}" for each in rng.integers(0, 120, 500)])
    return asked(["table", "Ridge"], {**table, "day": day.astype(str), "owner": tenant}, time="day", group="owner")


def _healthy_lattice(rng: Draw) -> Case:
    table = {"age": rng.integers(18, 90, 800), "hours": rng.integers(1, 60, 800), "rooms": rng.integers(1, 6, 800)}
    y = 2 * table["age"] + table["hours"] + 5 * table["rooms"] + 6 * rng.normal(size=800)
    return asked("LinearRegression", {**table, "y": y.round(0)})


TABLES = (
    Planted("a stump where two questions are needed", "underfit", _stump),
    Planted("a sum for a product", "underfit", _product),
    Planted("eighteen powers", "overfit", _many_powers, ("too-little-data",)),
    Planted("one neighbour for a rent", "overfit", _by_heart),
    Planted("a whole tree of patients", "overfit", _deep),
    Planted("ten rows of each of ten kinds", "too-little-data", _prototypes),
    Planted("a rent that is mostly chance", "noise-floor", _mostly_chance),
    Planted("copies with a number of their own", "duplicates-across-split", _numbered_copies),
    Planted("training rows in the test, with noise", "duplicates-across-split", _nearly_copied),
    Planted("copies that were rounded", "duplicates-across-split", _rounded_copies),
    Planted("what was decided after", "target-leak", _decided_after),
    Planted("the rent in dollars", "target-leak", _other_currency),
    Planted("a table scaled before it was cut", "preprocessing-leak", _scaled_first),
    Planted("a street by the mean of its targets", "preprocessing-leak", _mean_of_the_target),
    Planted("customers of nine rows", "group-leak", _customers),
    Planted("a level that wanders, by dates", "time-leak", _demand),
    Planted("square feet for square metres", "shift", _other_unit),
    Planted("many more of one class", "shift", _more_of_one),
    Planted("rents that fall with the area", "shift", _other_rule),
    Planted("one in twelve named at random", "label-noise", _flipped_words),
    Planted("a decimal point that slipped", "label-noise", _slipped_points),
    Planted("four in a hundred", "class-skew", _few_ill, ("overfit",)),
    Planted("24 flats", "not-enough-evidence", _few_rows),
    Planted("ridge on rents", "healthy", _healthy_flats),
    Planted("patients and a test", "healthy", _healthy_patients),
    Planted("4,000 rows of four kinds", "healthy", _healthy_large),
    Planted("dates and owners without effect", "healthy", _healthy_dates),
    Planted("whole numbers everywhere", "healthy", _healthy_lattice),
)
"""All of them."""
