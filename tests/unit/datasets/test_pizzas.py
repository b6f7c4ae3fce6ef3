"""Pizzas: an order is a row, a pizza a column."""

import hashlib
from pathlib import Path

import pytest

from palestra.datasets import pizzas
from palestra.datasets.dataset import Dataset
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder

TEXT = (
    b"id,date,time,name,size,type,price\n2015-1,2015-01-01,11:38:36,hawaiian,M,classic,13.25\n"
    b"2015-2,2015-01-01,11:57:40,bbq,M,chicken,13.25\n2015-2,2015-01-01,11:57:40,greek,M,classic,9\n"
    b"2015-2,2015-01-01,11:57:40,bbq,L,chicken,15\n"
)


def test_baskets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pizzaplace.csv").write_bytes(TEXT)
    content = Content("pizzaplace.csv", len(TEXT), hashlib.sha256(TEXT).hexdigest())
    folder = Folder(str(tmp_path), {"pizzaplace.csv": "pizzaplace.csv"})
    monkeypatch.setattr(pizzas, "RESOURCE", Resource("pizzas", (content,), (folder,)))
    (train,) = Dataset("pizzas").load().values()
    assert Dataset("pizzas").class_names() == ("bbq", "greek", "hawaiian")
    assert train.inputs.tolist() == [[0, 0, 1], [1, 1, 0]]
    assert train.targets is None
