"""Which panels show a data set."""

from pathlib import Path

import blobs  # noqa: F401 - registers toy/blobs
import numpy as np
import pytest
import torch

from palestra.datasets import dataset, idx_set
from palestra.datasets.card import Card
from palestra.datasets.dataset import Dataset, InMemory, Split, known_cards
from palestra.pictures.data import Bars, Grid, Spread
from palestra.pictures.looks import draw_look, panels


def test_images_by_class_and_their_balance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(idx_set, "SIZES", (200, 50))
    named = Dataset("fashion-mnist", {"validation": 20, "stand_in": True})
    splits = named.load()
    grid, bars = panels(named, splits)
    assert isinstance(grid, Grid)
    assert isinstance(bars, Bars)
    assert [*grid.rows] == [*bars.names] == [*known_cards()["fashion-mnist"].classes]
    assert all(images.shape == (10, 28, 28) for images in grid.rows.values())
    assert [*bars.shares] == ["train", "validation", "test"]
    assert all(share.sum() == pytest.approx(1) for share in bars.shares.values())
    targets = splits["train"].targets
    assert targets is not None
    assert bars.shares["train"][3] == pytest.approx(float((targets == 3).float().mean()))
    assert draw_look(tmp_path / "a.png", named, splits).stat().st_size > 10_000


def test_a_table_begins_with_what_is_predicted() -> None:
    known_cards()
    named = Dataset("house-prices", {"stand_in": True})
    first, *rest = panels(named, named.load())
    assert isinstance(first, Spread)
    assert (first.title, first.strong, first.note) == ("SalePrice", True, "to be predicted")
    assert len(rest) == 23
    frontage = next(panel for panel in rest if not isinstance(panel, Grid) and panel.title == "LotFrontage")
    assert frontage.note.endswith(" missing")


def test_a_matrix_with_classes_or_with_numbers() -> None:
    named = Dataset("toy/blobs")
    bars, *columns = panels(named, named.load())
    assert isinstance(bars, Bars)
    assert bars.names == ["0", "1", "2"]
    assert len(columns) == 2
    regression = InMemory({"train": Split(torch.ones(5, 3), torch.arange(5.0))})
    first, *rest = panels(regression, regression.load())
    assert isinstance(first, Spread)
    assert (first.title, len(rest)) == ("target", 3)
    alone = InMemory({"train": Split(torch.ones(5, 3), None)})
    assert len(panels(alone, alone.load())) == 3


def test_ratings_and_baskets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOURCES", "CARDS", "NAMES"):
        monkeypatch.setattr(dataset, name, dict(getattr(dataset, name)))
    rated = {"train": Split(torch.tensor([[0, 2], [1, 2], [1, 0]]), torch.tensor([3.0, 5.0, 5.0]))}
    bought = {"train": Split(torch.tensor([[1, 0, 1], [1, 0, 0]], dtype=torch.uint8), None)}
    dataset.register("toy/rated", lambda: rated, Card("Toy", "?", "ratings", "-", "-", 3))
    dataset.register("toy/bought", lambda: bought, Card("Toy", "?", "baskets", "-", "-", 2), lambda: (*"abc",))
    stars, users, films = panels(Dataset("toy/rated"), rated)
    assert isinstance(stars, Bars)
    assert (stars.names, stars.shares[""].tolist()) == (["3", "5"], [pytest.approx(1 / 3), pytest.approx(2 / 3)])
    assert isinstance(users, Spread)
    assert isinstance(films, Spread)
    assert (users.values.tolist(), films.values.tolist()) == ([1.0, 2.0], [1.0, 2.0])
    share, sizes = panels(Dataset("toy/bought"), bought)
    assert isinstance(share, Bars)
    assert (share.names, share.shares[""].tolist()) == (["a", "c", "b"], [1.0, 0.5, 0.0])
    assert isinstance(sizes, Spread)
    assert np.array_equal(sizes.values, [2.0, 1.0])
