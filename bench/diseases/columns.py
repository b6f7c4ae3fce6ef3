"""Tables by columns: made by scikit-learn, or of data sets with a name; in another order, in two parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from diseases.planted import Array, Draw
from diseases.tables import Columns
from palestra.datasets.dataset import known_cards
from palestra.datasets.tables.frame import Words
from palestra.datasets.tables.source import FRAMES

Table = dict[str, Array]
"""Name to the values of a column, words or numbers; ``y`` is what is predicted."""


def seed(rng: Draw) -> int:
    """A seed for what takes no generator."""
    return int(rng.integers(2**31))


def columns(x: Array, y: Array) -> Table:
    """A table of (n, p) numbers, which are called ``x0`` and so on, and (n,) answers."""
    return {**{f"x{j}": x[:, j] for j in range(x.shape[1])}, "y": y}


def made(rng: Draw, make: Callable[..., Any], *sizes: int, **settings: Any) -> Table:
    """A table that one of scikit-learn's functions makes."""
    return columns(*make(*sizes, random_state=seed(rng), **settings))


def loaded(bunch: Any) -> Table:
    """A table that comes with scikit-learn, its columns by their names."""
    return {**dict(zip(bunch.feature_names, bunch.data.T)), "y": bunch.target}


def published(name: str, target: str, *kept: str) -> Table:
    """Columns of a data set as it is published, with its gaps, and its target as ``y``.

    Args:
        name: of the data set.
        target: the column that is predicted.
        *kept: the others, all of them if none is said; one that is called ``y`` is ``its y`` in the table.
    """
    known_cards()
    frame, _ = FRAMES[name]()
    table: Table = {}
    for each in (*(kept or tuple(other for other in frame.columns if other != target)), target):
        column = frame.column(each)
        words = np.array([*column.levels, ""])[column.codes] if isinstance(column, Words) else column
        table[{target: "y", "y": "its y"}.get(each, each)] = words
    return table


def some_of(table: Columns, *names: str) -> Table:
    """Some columns, and the target."""
    return {name: table[name] for name in (*names, "y")}


def taken(table: Columns, rows: Array) -> Table:
    """Some rows."""
    return {name: each[rows] for name, each in table.items()}


def whole(table: Columns) -> Table:
    """The rows without a gap."""
    gap = [np.isnan(each) if each.dtype.kind == "f" else each == "" for each in table.values()]
    return taken(table, ~np.any(gap, axis=0))


def mixed(rng: Draw, table: Columns, rows: int | None = None) -> Table:
    """So many rows, all if not said, in any order."""
    return taken(table, rng.permutation(len(table["y"]))[:rows])


def joined(*tables: Columns) -> Table:
    """The rows of one table, and those of others below."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def cut(rng: Draw, table: Columns, share: float, *, stratified: bool = False) -> tuple[Table, Table]:
    """A table in two parts, by a draw: the second has that share of the rows."""
    classes = table["y"] if stratified else None
    known, later = train_test_split(
        np.arange(len(table["y"])), test_size=share, random_state=seed(rng), stratify=classes
    )
    return taken(table, known), taken(table, later)


def moved(table: Columns, names: list[str], change: Callable[[Array], Array]) -> Table:
    """The table with some of its columns, as one array, changed."""
    new = change(np.stack([table[name] for name in names], 1))
    return {**table, **{name: new[:, j] for j, name in enumerate(names)}}


def inputs(table: Columns) -> list[str]:
    """The names of all columns but the target."""
    return [name for name in table if name != "y"]
