"""House prices: logarithms, gaps, folds, and the file that Kaggle takes; on made houses, whose columns are the same."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from palestra.datasets import house_prices
from palestra.datasets.dataset import Dataset
from palestra.datasets.house_prices import encoded, frames, submission, write_submission
from palestra.datasets.tables.splits import Cut
from palestra.errors import UsageError

MADE = {"stand_in": True}


def test_the_splits() -> None:
    splits = Dataset("house-prices", MADE).load()
    assert {name: len(split.inputs) for name, split in splits.items()} == {
        "train": 876, "validation": 292, "test": 292, "submission": 1_459,
    }  # fmt: skip
    assert splits["submission"].targets is None
    assert all(torch.isfinite(split.inputs).all() for split in splits.values())
    targets = torch.cat([split.targets for split in splits.values() if split.targets is not None])
    priced, unpriced = frames(stand_in=True)
    assert np.allclose(np.sort(targets.numpy()), np.sort(np.log(priced.numbers("SalePrice"))), atol=1e-5)
    assert "SalePrice" not in unpriced.columns


def test_five_folds_cover_each_house_once() -> None:
    held = torch.cat([_held(number) for number in range(5)])
    priced, _ = frames(stand_in=True)
    assert np.allclose(np.sort(held.numpy()), np.sort(np.log(priced.numbers("SalePrice"))), atol=1e-5)


def _held(number: int) -> torch.Tensor:
    splits = house_prices.load(test=0.0, folds=5, fold=number, stand_in=True)
    assert splits["validation"].targets is not None
    return splits["validation"].targets


def test_columns_have_names_and_the_number_of_a_house_is_none() -> None:
    features = encoded(Cut(), stand_in=True).features
    assert "Id" not in features
    assert {"LotFrontage missing", "MSSubClass=made a", "GrLivArea"} <= set(features)


def test_large_houses_can_be_left_out_of_the_training_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house_prices, "LARGE", 2_000.0)
    whole, part = (house_prices.load(large=large, stand_in=True) for large in (True, False))
    priced, _ = frames(stand_in=True)
    large = int((priced.numbers("GrLivArea") > 2_000).sum())
    assert 0 < len(whole["train"].inputs) - len(part["train"].inputs) <= large
    assert len(whole["test"].inputs) == len(part["test"].inputs)


def test_a_submission(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "a.csv", np.log(np.arange(1, 1_460) * 1_000.0), stand_in=True)
    with path.open() as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == 1_459
    assert rows[6] == {"Id": "7", "SalePrice": "7000.00"}
    assert submission([1461], [2.5]) == "Id,SalePrice\n1461,2.50\n"


@pytest.mark.parametrize(("values", "why"), [
    (np.zeros(3), "3 predictions; expected 1459"),
    (np.where(np.arange(1_459) == 7, np.nan, 0.0), "row 7: log price nan; expected a finite price"),
    (np.where(np.arange(1_459) == 9, 1e6, 0.0), "row 9: log price 1000000.0; expected a finite price"),
])  # fmt: skip
def test_predictions_that_are_no_prices(values: np.ndarray, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        write_submission(tmp_path / "a.csv", values, stand_in=True)
    assert [*tmp_path.iterdir()] == []


def test_the_sources_have_both_files() -> None:
    assert [content.size for content in house_prices.RESOURCE.contents] == [460_676, 451_405]
    assert len(house_prices.RESOURCE.sources) == 2
