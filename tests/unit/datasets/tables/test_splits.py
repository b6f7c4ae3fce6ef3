"""Splits of a table: every row once, the target right, and nothing of the test in the training."""

import numpy as np
import pytest
import torch

from palestra.datasets.tables.frame import Frame, Words
from palestra.datasets.tables.splits import Cut, table_splits
from palestra.errors import UsageError

SIZE = 50
FRAME = Frame({
    "row": np.arange(SIZE, dtype=float),
    "kind": Words(("no", "yes"), np.arange(SIZE) % 2),
    "price": np.arange(SIZE) * 2.0,
})  # fmt: skip


def test_every_row_is_in_one_split_with_its_target() -> None:
    made = table_splits(FRAME, "price", "regression", Cut())
    assert {name: len(split.inputs) for name, split in made.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 10,
    }
    assert made.features == ("row", "kind=no", "kind=yes")
    assert made.classes == ()
    seen = torch.cat([split.targets for split in made.splits.values() if split.targets is not None])
    assert sorted(seen.tolist()) == FRAME.numbers("price").tolist()
    train = made.splits["train"]
    assert train.targets is not None
    rows = train.targets / 2
    assert torch.allclose(train.inputs[:, 0], (rows - rows.mean()) / rows.std(correction=0), atol=1e-5)
    assert torch.equal(train.inputs[:, 2], rows % 2)


def test_classes_and_their_words() -> None:
    made = table_splits(FRAME, "kind", "classification", Cut(test=0.0), drop=("price",))
    assert made.classes == ("no", "yes")
    assert "test" not in made.splits
    targets = made.splits["train"].targets
    assert targets is not None
    assert targets.dtype == torch.int64
    numbered = table_splits(FRAME, "price", "classification", Cut())
    assert numbered.classes[:3] == ("0", "2", "4")


def test_folds_cover_each_row_once() -> None:
    held = []
    for number in range(5):
        cut = Cut(test=0.2, folds=5, fold=number, seed=3)
        splits = table_splits(FRAME, "price", "regression", cut).splits
        assert splits["validation"].targets is not None
        assert splits["test"].targets is not None
        held += splits["validation"].targets.tolist()
        test = splits["test"].targets.tolist()
    assert sorted(held + test) == FRAME.numbers("price").tolist()


def test_rows_that_are_not_trained_on_stay_elsewhere() -> None:
    made = table_splits(FRAME, "price", "regression", Cut(), untrained=FRAME.numbers("row") >= 40)
    train, test = made.splits["train"].targets, made.splits["test"].targets
    assert train is not None
    assert test is not None
    assert train.max() < 80 <= test.max()


@pytest.mark.parametrize(("target", "task", "why"), [
    ("kind", "regression", r"kind holds words \(no, yes\); expected numbers for a regression"),
    ("cost", "regression", "unknown column 'cost'"),
    ("same", "classification", "same is 1 in every row; expected two classes or more"),
    ("gaps", "regression", "row 3 of the table has no gaps; expected one in every row"),
])  # fmt: skip
def test_targets_that_are_none(target: str, task: str, why: str) -> None:
    gaps = np.ones(SIZE)
    gaps[2] = np.nan
    frame = Frame({**FRAME.columns, "same": np.ones(SIZE), "gaps": gaps})
    with pytest.raises(UsageError, match=why):
        table_splits(frame, target, task, Cut())  # type: ignore[arg-type]


def test_a_table_of_nothing_else() -> None:
    with pytest.raises(UsageError, match="a table of nothing but price"):
        table_splits(FRAME, "price", "regression", Cut(), drop=("row", "kind"))


@pytest.mark.parametrize(("cut", "why"), [
    ({"validation": 1.0}, "validation=1.0; expected a share"),
    ({"test": -0.1}, "test=-0.1; expected a share"),
    ({"folds": -1}, "folds=-1; expected 2 or more"),
])  # fmt: skip
def test_cuts_that_are_none(cut: dict[str, float], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Cut(**cut)  # type: ignore[arg-type]
