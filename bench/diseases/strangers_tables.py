"""Cases by somebody who knew neither the limits nor the cases of this house: copies, leaks, a shift, wrong labels."""

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from diseases.columns import (
    Table,
    columns,
    cut,
    inputs,
    joined,
    loaded,
    made,
    mixed,
    moved,
    published,
    some_of,
    taken,
    whole,
)
from diseases.planted import Array, Draw, Planted, flipped
from diseases.strangers import TREES, digits, scaled
from diseases.tables import asked, parts
from palestra.trials.report.case import Case

MEASURED = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
"""What is measured of a penguin, but for its weight."""


def standard(x: Array) -> Array:
    """Columns with a mean of 0 and a deviation of 1."""
    scaled_x: Array = StandardScaler().fit_transform(x)
    return scaled_x


def filled(table: Table, names: list[str], gap: Array) -> Table:
    """Columns with gaps, (n, p) of them, in whose place the mean of the others stands."""

    def change(x: Array) -> Array:
        x = np.where(gap, np.nan, x)
        return np.where(gap, np.nanmean(x, 0), x)

    return moved(table, names, change)


def _a_third_twice(rng: Draw) -> Case:
    table = made(rng, datasets.make_classification, 600, 8, n_informative=5, class_sep=0.7)
    return asked("RandomForestClassifier", mixed(rng, joined(table, mixed(rng, table, 200))), settings=TREES)


def _until_even(rng: Draw) -> Case:
    table = made(rng, datasets.make_classification, 1500, 8, n_informative=4, weights=[0.9], class_sep=0.6, flip_y=0)
    many, few = np.flatnonzero(table["y"] == 0), np.flatnonzero(table["y"] == 1)
    return asked("DecisionTreeClassifier", mixed(rng, taken(table, np.r_[many, rng.choice(few, len(many))])))


def _known_in_test(rng: Draw) -> Case:
    known, test = cut(rng, made(rng, datasets.make_regression, 800, 6, noise=30), 0.25)
    return asked("Ridge", known, test=joined(test, mixed(rng, known, 60)))


def _augmented(rng: Draw) -> Case:
    table = digits(rng, 400)
    faint = [moved(table, inputs(table), lambda x: x + rng.normal(0, 0.5, x.shape)) for _ in range(2)]
    return asked("KNeighborsClassifier", mixed(rng, joined(table, *faint)))


def _bootstrap(rng: Draw) -> Case:
    table = taken(loaded(datasets.load_breast_cancer()), rng.integers(0, 569, 569))
    return asked("HistGradientBoostingClassifier", table, settings={"max_iter": 40})


def _known_penguins(rng: Draw) -> Case:
    known, test = cut(rng, whole(published("penguins", "species")), 0.3)
    return asked(["table", "LogisticRegression"], known, test=joined(test, mixed(rng, known, 25)))


def _follow_up(rng: Draw) -> Case:
    table = loaded(datasets.load_diabetes())
    later = table["y"] + rng.normal(0, 8, len(table["y"]))
    return asked("RandomForestRegressor", mixed(rng, {**table, "followup": later}), settings=TREES)


def _alive(rng: Draw) -> Case:
    known = ("pclass", "sex", "age", "sibsp", "parch", "fare", "embarked")
    table = published("titanic", "survived", *known)
    alive = np.where(table["y"] == "1", "yes", "no")
    return asked(["table", "LogisticRegression"], mixed(rng, {**table, "alive": alive}))


def _in_euros(rng: Draw) -> Case:
    table = mixed(rng, published("diamonds", "price", "depth", "table", "color", "clarity"), 2000)
    euros = (0.92 * table["y"]).round()
    return asked(["table", "HistGradientBoostingRegressor"], {**table, "price_eur": euros})


def _days_in_hospital(rng: Draw) -> Case:
    x = rng.normal(size=(1200, 4))
    ill = x[:, 0] + rng.normal(0, 1.5, 1200) > 0
    days = np.where(ill, rng.integers(1, 30, 1200).astype(float), np.nan)
    table = {**columns(x, ill.astype(int)), "days_in_hospital": days}
    return asked("HistGradientBoostingClassifier", table, settings={"max_iter": 40})


def _treated(rng: Draw) -> Case:
    x = rng.normal(size=(1500, 5))
    ill = (x[:, 0] + x[:, 1] + rng.normal(0, 2, 1500) > 0).astype(int)
    treated = np.where(rng.random(1500) < 0.01, 1 - ill, ill)
    return asked("RandomForestClassifier", {**columns(x, ill), "treated": treated}, settings=TREES)


def _sorted_ids(rng: Draw) -> Case:
    x, y = rng.normal(size=(900, 4)), np.sort(rng.integers(0, 3, 900))
    x[:, 0] += 0.5 * y
    table = {"id": np.arange(1, 901), **columns(x, np.array(["a", "b", "c"])[y])}
    return asked("RandomForestClassifier", mixed(rng, table), settings=TREES)


def _a_square_metre(rng: Draw) -> Case:
    area, each = rng.uniform(30, 200, 1000), rng.lognormal(8, 0.5, 1000)
    rooms, age = (area / 30 + rng.normal(0, 0.7, 1000)).round(), rng.uniform(0, 80, 1000)
    table = {"area": area, "rooms": rooms, "age": age, "price_per_m2": each, "y": area * each}
    return asked("HistGradientBoostingRegressor", table, settings={"max_iter": 40})


def _scaled_and_cut(rng: Draw) -> Case:
    table = made(rng, datasets.make_classification, 900, 10, n_informative=5)
    known, test = cut(rng, moved(table, inputs(table), standard), 0.3)
    return asked("LogisticRegression", known, test=test)


def _ranged_wines(rng: Draw) -> Case:
    table = loaded(datasets.load_wine())
    return asked("SVC", mixed(rng, moved(table, inputs(table), MinMaxScaler().fit_transform)))


def _chosen_and_tested(rng: Draw) -> Case:
    x, y = rng.normal(size=(400, 3000)), rng.integers(0, 2, 400)
    chosen = SelectKBest(f_classif, k=25).fit(x[:250], y[:250]).transform(x)
    known, test = parts(columns(chosen, y), 250)
    return asked("LogisticRegression", known, test=test)


def _chosen(rng: Draw) -> Case:
    x, y = rng.normal(size=(300, 3000)), rng.integers(0, 2, 300)
    return asked("LogisticRegression", columns(SelectKBest(f_classif, k=25).fit_transform(x, y), y))


def _filled_diabetes(rng: Draw) -> Case:
    table = loaded(datasets.load_diabetes(scaled=False))
    names = [name for name in inputs(table) if name != "sex"]
    return asked("Ridge", mixed(rng, filled(table, names, rng.random((442, len(names))) < 0.15)))


def _projected(rng: Draw) -> Case:
    bunch = datasets.load_digits()
    known, test = cut(rng, columns(PCA(15).fit_transform(bunch.data), bunch.target), 0.3)
    return asked("SVC", known, test=test)


def _districts(rng: Draw) -> Case:
    district, x = rng.integers(0, 150, 1500), rng.normal(size=(1500, 3))
    y = x[:, 0] + 0.5 * rng.normal(size=150)[district] + rng.normal(size=1500)
    count = np.maximum(1, np.bincount(district, minlength=150))
    mean = np.bincount(district, y, minlength=150) / count
    return asked("Ridge", {**columns(x, y), "zip": mean[district]})


def _four_digits(rng: Draw) -> Case:
    table = made(rng, datasets.make_regression, 700, 8, noise=20)
    table = {name: each.round(4) for name, each in moved(table, inputs(table), standard).items()}
    known, test = cut(rng, table, 0.3)
    return asked("Ridge", known, test=test)


def _filled_penguins(rng: Draw) -> Case:
    table = some_of(whole(published("penguins", "body_mass_g")), *MEASURED, "year")
    table = filled(table, [*MEASURED], rng.random((len(table["y"]), 3)) < 0.2)
    known, test = cut(rng, table, 0.3)
    return asked("LinearRegression", known, test=test)


def _scaled_passengers(rng: Draw) -> Case:
    table = whole(published("titanic", "survived", "age", "fare", "sex", "pclass", "sibsp"))
    table = moved(table, ["age", "fare", "sibsp"], standard)
    return asked(["table", "LogisticRegression"], mixed(rng, table))


def _twelve_a_patient(rng: Draw) -> Case:
    who = np.repeat(np.arange(80), 12)
    y = rng.integers(0, 2, 80)[who]
    x = rng.normal(size=(80, 6))[who] + rng.normal(0, 0.25, (960, 6))
    x[:, 0] += 0.8 * y
    table = {**columns(x, y), "patient": np.array([f"P{each:03d}" for each in who])}
    return asked("RandomForestClassifier", mixed(rng, table), group="patient", settings=TREES)


def _streets(rng: Draw) -> Case:
    street = rng.integers(0, 60, 900)
    where = rng.uniform(0, 10, (60, 2))[street] + rng.normal(0, 0.02, (900, 2))
    x = np.c_[where, rng.normal(size=(900, 2))]
    y = rng.normal(0, 2, 60)[street] + x[:, 2] + rng.normal(0, 0.5, 900)
    return asked("KNeighborsRegressor", {**columns(x, y), "street": street}, group="street")


def _users(rng: Draw) -> Case:
    user, x = np.repeat(np.arange(120), 10), rng.normal(size=1200)
    age, income = rng.uniform(20, 70, 120).round(1)[user], rng.normal(3000, 800, 120).round()[user]
    y = rng.normal(0, 3, 120)[user] + x + rng.normal(size=1200)
    table = mixed(rng, {"age": age, "income": income, "x": x, "user": user, "y": y})
    return asked("HistGradientBoostingRegressor", table, group="user", settings={"max_iter": 80})


def _daily_walk(rng: Draw) -> Case:
    table = {"day": np.arange(1000), "x": rng.normal(size=1000), "y": np.cumsum(rng.normal(size=1000))}
    return asked("RandomForestRegressor", mixed(rng, table), time="day", settings=TREES)


def _turning_rule(rng: Draw) -> Case:
    part, x = np.linspace(0, 1, 1500), rng.normal(size=(1500, 4))
    angle = 2 * np.pi * part
    y = np.cos(angle) * x[:, 0] + np.sin(angle) * x[:, 1] + rng.normal(0, 0.2, 1500) > 0
    day = np.datetime64("2022-01-01") + np.arange(1500)
    table = {**columns(x, y.astype(int)), "level": 30 * part + rng.normal(0, 0.5, 1500), "date": day.astype(str)}
    return asked("RandomForestClassifier", mixed(rng, table), time="date", settings=TREES)


def _blocks_of_twenty(rng: Draw) -> Case:
    up = np.repeat(rng.integers(0, 2, 60), 20)
    table = {"t": np.arange(1200), "x": rng.normal(size=1200) + 0.3 * up, "y": np.where(up, "up", "down")}
    return asked("DecisionTreeClassifier", table, time="t", settings={"min_samples_leaf": 5})


def _sensors(rng: Draw) -> Case:
    x, y = np.cumsum(rng.normal(size=(1500, 4)), 0), np.cumsum(rng.normal(size=1500))
    hour = np.datetime64("2023-05-01T00:00:00") + np.arange(1500) * np.timedelta64(1, "h")
    table = {**columns(x, y), "time": np.array([f"{each}".replace("T", " ") for each in hour])}
    return asked("KNeighborsRegressor", table, time="time")


def _moved_bowl(rng: Draw) -> Case:
    def draw(middle: float, rows: int) -> Table:
        x = rng.normal(middle, 1, (rows, 3))
        return columns(x, x[:, 0] ** 2 + x[:, 1] + rng.normal(0, 0.3, rows))

    return asked("Ridge", draw(0.0, 800), test=draw(1.5, 300))


def _rarer_class(rng: Draw) -> Case:
    def draw(rows: int, share: float) -> Table:
        y = (rng.random(rows) < share).astype(int)
        return columns(rng.normal(size=(rows, 4)) + 0.7 * y[:, None], y)

    return asked("LogisticRegression", draw(1000, 0.5), test=draw(500, 0.1))


def _other_sign(rng: Draw) -> Case:
    x = rng.normal(size=(1400, 5))
    y = x[:, 0] + 0.5 * x[:, 1] + rng.normal(0, 0.3, 1400) > 0
    y[1000:] = 0.5 * x[1000:, 1] - x[1000:, 0] > 0
    known, test = parts(columns(x, y.astype(int)), 1000)
    return asked("RandomForestClassifier", known, test=test, settings=TREES)


def _other_sex(rng: Draw) -> Case:
    table = mixed(rng, whole(published("penguins", "body_mass_g")))
    known, test = (some_of(taken(table, table["sex"] == sex), *MEASURED, "species") for sex in ("female", "male"))
    return asked(["table", "Ridge"], known, test=test)


def _centimetres(rng: Draw) -> Case:
    table = mixed(rng, published("diamonds", "price", "carat", "x", "y", "z"), 2000)
    known, test = cut(rng, table, 0.3)
    return asked("HistGradientBoostingRegressor", known, test={**test, "x": test["x"] / 10}, settings={"max_iter": 40})


def _mislabelled(rng: Draw, bunch: Table, share: float) -> Table:
    return {**bunch, "y": flipped(rng, bunch["y"], share)}


def _wrong_prices(rng: Draw) -> Case:
    table = mixed(rng, published("diamonds", "price", "carat", "cut", "color", "clarity", "x"), 2500)
    wrong = rng.random(2500) < 0.06
    y = np.where(wrong, 10 * table["y"], table["y"])
    return asked(["table", "HistGradientBoostingRegressor"], {**table, "y": y})


def _wrong_animals(rng: Draw) -> Case:
    table = _mislabelled(rng, made(rng, datasets.make_blobs, 900, 6, centers=5, cluster_std=1.5), 0.1)
    animals = np.array(["ant", "bee", "cat", "dog", "elk"])
    return asked("RandomForestClassifier", {**table, "y": animals[table["y"]]}, settings=TREES)


def _wrong_signs(rng: Draw) -> Case:
    table = made(rng, datasets.make_regression, 1000, 8, noise=5)
    wrong = rng.random(1000) < 0.08
    return asked("Ridge", {**table, "y": np.where(wrong, -table["y"], table["y"])})


STRANGERS_TABLES = (
    Planted("a third of the rows twice", "duplicates-across-split", _a_third_twice),
    Planted("oversampled until even", "duplicates-across-split", _until_even),
    Planted("sixty known rows in a test", "duplicates-across-split", _known_in_test),
    Planted("digits, each with two faint copies", "duplicates-across-split", _augmented),
    Planted("tumours drawn with replacement", "duplicates-across-split", _bootstrap),
    Planted("known penguins in a test", "duplicates-across-split", _known_penguins),
    Planted("the target at the follow-up", "target-leak", _follow_up),
    Planted("alive, of who survived", "target-leak", _alive),
    Planted("the price in euros", "target-leak", _in_euros),
    Planted("days in hospital, of the ill alone", "target-leak", _days_in_hospital),
    Planted("treated, as nearly all the ill", "target-leak", _treated),
    Planted("numbers in the order of the classes", "target-leak", _sorted_ids),
    Planted("the area, and the price of a square metre", "target-leak", _a_square_metre),
    Planted("scaled, then cut", "preprocessing-leak", _scaled_and_cut),
    Planted("wines from 0 to 1", "preprocessing-leak", _ranged_wines),
    Planted("25 of 3,000 columns of noise, and a test", "preprocessing-leak", _chosen_and_tested),
    Planted("25 of 3,000 columns of noise, no test", "preprocessing-leak", _chosen),
    Planted("diabetes, its gaps filled by means", "preprocessing-leak", _filled_diabetes),
    Planted("digits projected, then cut", "preprocessing-leak", _projected),
    Planted("districts by the mean of their targets", "preprocessing-leak", _districts),
    Planted("scaled, rounded to four digits, then cut", "preprocessing-leak", _four_digits),
    Planted("penguins, their gaps filled, then cut", "preprocessing-leak", _filled_penguins),
    Planted("passengers scaled, but for their words", "preprocessing-leak", _scaled_passengers),
    Planted("twelve rows a patient", "group-leak", _twelve_a_patient),
    Planted("houses of a street", "group-leak", _streets),
    Planted("users known by age and income", "group-leak", _users),
    Planted("a walk, day by day", "time-leak", _daily_walk),
    Planted("a rule that turns, by dates", "time-leak", _turning_rule),
    Planted("up or down, twenty rows each", "time-leak", _blocks_of_twenty),
    Planted("four sensors that wander", "time-leak", _sensors),
    Planted("a bowl of which the other side is asked", "shift", _moved_bowl, ("underfit",)),
    Planted("one class a fifth as frequent", "shift", _rarer_class, ("noise-floor",)),
    Planted("a sign that changed", "shift", _other_sign),
    Planted("trained on females, tried on males", "shift", _other_sex),
    Planted("centimetres for millimetres", "shift", _centimetres),
    Planted("all digits, one in ten mislabelled", "label-noise",
            lambda r: asked("SVC", _mislabelled(r, loaded(datasets.load_digits()), 0.1))),
    Planted("tumours, one in seven mislabelled", "label-noise",
            lambda r: asked(scaled("LogisticRegression"),
                            mixed(r, _mislabelled(r, loaded(datasets.load_breast_cancer()), 0.15)))),
    Planted("moons, one in eight mislabelled", "label-noise",
            lambda r: asked("KNeighborsClassifier",
                            _mislabelled(r, made(r, datasets.make_moons, 1000, noise=0.1), 0.12),
                            settings={"n_neighbors": 15})),
    Planted("prices of diamonds, a point that slipped", "label-noise", _wrong_prices),
    Planted("animals, one in ten mislabelled", "label-noise", _wrong_animals),
    Planted("wines, one in eight mislabelled", "label-noise",
            lambda r: asked(scaled("LogisticRegression"),
                            mixed(r, _mislabelled(r, loaded(datasets.load_wine()), 0.12)))),
    Planted("one in twelve signs wrong", "label-noise", _wrong_signs),
)  # fmt: skip
"""All of them whose data, or what was done with them, are at fault."""
