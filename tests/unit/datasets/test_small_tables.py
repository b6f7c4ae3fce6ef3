"""Tables out of packages: those that scikit-learn brings are what its own functions load."""

import numpy as np
import pytest
import torch

from palestra.datasets.dataset import Dataset, known_cards
from palestra.datasets.small_tables import in_package
from palestra.datasets.tables.source import FRAMES

known_cards()
datasets = pytest.importorskip("sklearn.datasets")


@pytest.mark.parametrize(("name", "function"), [
    ("iris", "load_iris"), ("wine", "load_wine"), ("breast-cancer", "load_breast_cancer"),
])  # fmt: skip
def test_classes_are_scikit_learns(name: str, function: str) -> None:
    frame, target = FRAMES[name]()
    theirs = getattr(datasets, function)()
    columns = [column for column in frame.columns if column != target]
    assert np.array_equal(np.stack([frame.numbers(column) for column in columns], 1), theirs.data)
    words = frame.column(target)
    assert words.levels == tuple(theirs.target_names)  # type: ignore[union-attr]
    assert np.array_equal(words.codes, theirs.target)  # type: ignore[union-attr]
    assert Dataset(name).class_names() == tuple(theirs.target_names)


def test_columns_have_scikit_learns_names() -> None:
    frame, _ = FRAMES["breast-cancer"]()
    theirs = [name.replace(" error", "") for name in datasets.load_breast_cancer().feature_names]
    assert [name.replace("error of ", "") for name in frame.columns][:-1] == theirs
    frame, _ = FRAMES["diabetes"]()
    assert [*frame.columns][:4] == datasets.load_diabetes().feature_names[:4]


def test_diabetes_and_linnerud_are_scikit_learns() -> None:
    frame, target = FRAMES["diabetes"]()
    theirs = datasets.load_diabetes(scaled=False)
    assert np.array_equal(np.stack([frame.numbers(name) for name in [*frame.columns][:-1]], 1), theirs.data)
    assert np.array_equal(frame.numbers(target), theirs.target)
    frame, target = FRAMES["linnerud"]()
    theirs = datasets.load_linnerud()
    assert np.array_equal(np.stack([frame.numbers(name) for name in theirs.feature_names], 1), theirs.data)
    assert np.array_equal(frame.numbers(target), theirs.target[:, theirs.target_names.index("Waist")])


def test_titanic_with_its_gaps() -> None:
    frame, target = FRAMES["titanic"]()
    assert (len(frame), len(frame.columns), target) == (1_309, 14, "survived")
    assert int(np.isnan(frame.numbers("age")).sum()) == 263  # as its page counts
    splits = Dataset("titanic", {"validation": 0.0, "test": 0.0}).load()
    targets = splits["train"].targets
    assert targets is not None
    assert int(targets.sum()) == 500
    assert torch.isfinite(splits["train"].inputs).all()
    assert Dataset("titanic").class_names() == ("0", "1")


def test_a_table_is_looked_for_where_its_package_is_installed_first() -> None:
    for name in ("penguins", "shuttle", "caravan", "hitters"):
        resource = known_cards()[name].resource
        assert resource is not None
        installed, wheel = resource.sources
        assert installed.name.split()[1] == wheel.name.split()[1]
        assert (installed.size, wheel.size > 0) == (0, True)
    assert in_package("a", ("p", "1", 2, "any"), {}).sources[1].filename == "p-1-any.whl"  # type: ignore[attr-defined]
