"""Pizzas: a year of orders at a pizzeria that does not exist, in the shape of a real one's."""

import numpy as np
import torch

from palestra.datasets.card import Card
from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import fetch
from palestra.datasets.parts import Rows
from palestra.datasets.small_tables import in_package
from palestra.datasets.tables.frame import as_words
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.splits import Cut

_FILE = Content("pizzaplace.csv", 2_848_391, "594ca293b3d7b8a3dffe1cb398836a1e6216c0b5a29c560957665ba801f002a7")
RESOURCE = in_package(
    "pizzas",
    ("great-tables", "1.1.0", 1_683_654, "py3-none-any"),
    {_FILE: "great_tables/data/05-pizzaplace.csv"},
)


def baskets() -> tuple[Rows, Rows, tuple[str, ...]]:
    """For each pizza sold its order and which pizza it is, both as numbers from 0, and the names of the pizzas."""
    frame = read_separated(fetch(RESOURCE)[_FILE.name], _FILE.name, words=("time",))
    pizza, order = as_words(frame.column("name")), as_words(frame.column("id"))
    return order.codes, pizza.codes, pizza.levels


def load(validation: float = 0.0, test: float = 0.0, folds: int = 0, fold: int = 0, seed: int = 0) -> Splits:
    """Orders (N, 32) uint8, 1 for each pizza in one, and no targets; the arguments are those of :class:`Cut`."""
    order, pizza, names = baskets()
    table = np.zeros((int(order.max()) + 1, len(names)), np.uint8)
    table[order, pizza] = 1
    parts = Cut(validation, test, folds, fold, seed).rows(len(table))
    return {name: Split(torch.from_numpy(table[rows]), None) for name, rows in parts.items()}


register(
    "pizzas",
    load,
    Card(
        title="Pizzas",
        about="the pizzas of an order; which are bought together?",
        kind="baskets",
        licence="MIT, with great-tables; fictional",
        home="https://posit-dev.github.io/great-tables",
        rows=21_350,
        resource=RESOURCE,
    ),
    lambda **_: baskets()[2],
)
