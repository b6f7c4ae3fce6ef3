"""A table with a name: fetched, read, parted, and known by its columns and classes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from palestra.datasets import dataset
from palestra.datasets.card import Card
from palestra.datasets.dataset import Dataset
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder
from palestra.datasets.tables import source
from palestra.datasets.tables.source import TableSource, register_table, separated

TEXT = b"size;kind\n" + b"".join(f"{i};{'ab?'[i % 3]}\n".encode() for i in range(30))


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TableSource:
    for name in ("CARDS", "NAMES", "SOURCES"):
        monkeypatch.setattr(dataset, name, dict(getattr(dataset, name)))
    monkeypatch.setattr(source, "FRAMES", dict(source.FRAMES))
    (tmp_path / "toy.csv").write_bytes(TEXT)
    content = Content("toy.csv", len(TEXT), hashlib.sha256(TEXT).hexdigest())
    resource = Resource("toy/table", (content,), (Folder(str(tmp_path), {"toy.csv": "toy.csv"}),))
    card = Card("Toy", "a size; which kind?", "table", "none", "here", 30, resource)
    return TableSource(card, resource, separated("toy.csv", separator=";"), "kind", "classification", gaps=True)


def test_it_is_fetched_and_parted(toy: TableSource) -> None:
    assert len(toy.frame()) == 30
    splits = toy.load(validation=0.25, test=0.2, seed=1)
    assert sum(len(split.inputs) for split in splits.values()) == 20  # ten have no kind
    assert toy.classes() == ("a", "b")


def test_it_is_known_by_its_name(toy: TableSource) -> None:
    register_table(toy)
    named = Dataset("toy/table", {"test": 0.0})
    assert set(named.load()) == {"train", "validation"}
    assert named.class_names() == ("a", "b")
    frame, target = source.FRAMES["toy/table"](test=0.0)
    assert target == "kind"
    assert np.isnan(frame.numbers("size")).sum() == 0
