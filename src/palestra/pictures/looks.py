"""How a data set looks: which panels show it, by what its rows are."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset, Split, Splits, known_cards
from palestra.datasets.tables.frame import Column, Frame, Words, missing
from palestra.datasets.tables.source import FRAMES
from palestra.pictures.data import Bars, Grid, Panel, Spread, draw_data, level_bars

_CLASSES = 12
"""Rows of a grid."""
_EACH = 10
"""Images of a class."""
_COLUMNS = 24
"""Columns of a table that are shown, what is to be predicted first."""


def draw_look(path: Path, dataset: Dataset, splits: Splits) -> Path:
    """Draw how a data set, of which these are the splits, looks into a PNG; returns its path."""
    card = known_cards().get(dataset.id)
    made = "made in the place of " if dataset.kwargs.get("stand_in") else ""
    title = f"{made}{card.title}" if card else dataset.kwargs.get("path", dataset.id)
    sizes = ", ".join(f"{len(split.inputs):,} {name}" for name, split in splits.items())
    shape = " x ".join(map(str, splits["train"].inputs.shape[1:]))
    about = f"{card.about}   " if card else ""
    shown = panels(dataset, splits)
    if dataset.id in FRAMES:
        columns = len(FRAMES[dataset.id](**dataset.kwargs)[0].columns)
        about += f"{len(shown)} of {columns} columns; " if columns > len(shown) else ""
    return draw_data(path, str(title), f"{about}{sizes}; inputs {shape}", shown)


def panels(dataset: Dataset, splits: Splits) -> list[Panel]:
    """What shows a data set: images and their classes, the columns of a table, or what is rated and bought."""
    names, train = dataset.class_names(), splits["train"]
    card = known_cards().get(dataset.id)
    kind = card.kind if card else ""
    if dataset.id in FRAMES:
        frame, target = FRAMES[dataset.id](**dataset.kwargs)
        return _of_table(frame, target)
    if kind == "ratings":
        return _of_ratings(train)
    if kind == "baskets":
        return _of_baskets(np.concatenate([split.inputs.numpy() for split in splits.values()]), names)
    if train.inputs.dim() >= 3 and train.targets is not None and not train.targets.is_floating_point():
        return [_grid(train, names), _balance(splits, names)]
    columns = {f"input {i}": train.inputs[:, i].double().numpy() for i in range(min(_COLUMNS, train.inputs.shape[1]))}
    if train.inputs.dim() != 2 or train.targets is None:
        return [_of_column(name, column) for name, column in columns.items()]
    if train.targets.is_floating_point():
        return _of_table(
            Frame({"target": train.targets.reshape(len(train.targets), -1)[:, 0].double().numpy(), **columns}), "target"
        )
    return [_balance(splits, names), *(_of_column(name, column) for name, column in columns.items())]


def _grid(train: Split, names: tuple[str, ...]) -> Grid:
    assert train.targets is not None
    labels = train.targets.numpy()
    classes = np.unique(labels)[:_CLASSES]
    return Grid(
        {_word(names, label): train.inputs.numpy()[np.flatnonzero(labels == label)[:_EACH]] for label in classes}
    )


def _balance(splits: Splits, names: tuple[str, ...]) -> Bars:
    """How large a share of each split every class is."""
    labels = {name: split.targets.numpy() for name, split in splits.items() if split.targets is not None}
    classes = np.unique(np.concatenate([*labels.values()]))[: 3 * _CLASSES]
    shares = {name: np.array([(column == label).mean() for label in classes]) for name, column in labels.items()}
    return Bars("share of each class", [_word(names, label) for label in classes], shares)


def _of_table(frame: Frame, target: str) -> list[Panel]:
    order = [*([target] if target else []), *(name for name in frame.columns if name != target)][:_COLUMNS]
    return [_of_column(name, frame.columns[name], strong=name == target) for name in order]


def _of_column(name: str, column: Column, *, strong: bool = False) -> Bars | Spread:
    gaps = int(missing(column).sum())
    notes = ["to be predicted"] * strong + [f"{gaps:,} missing"] * bool(gaps)
    note = ", ".join(notes)
    if isinstance(column, Words):
        counts: NDArray[np.int64] = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        return level_bars(name, column.levels, counts, len(column.codes), note, strong=strong)
    return Spread(name, column[~np.isnan(column)], note, strong)


def _of_baskets(baskets: NDArray[np.uint8], names: tuple[str, ...]) -> list[Panel]:
    share = baskets.mean(0)
    order = np.argsort(-share, kind="stable")[: 3 * _EACH]
    parts = {start: order[start : start + _EACH] for start in range(0, len(order), _EACH)}
    return [
        *(
            Bars(f"share of orders, {start + 1} to {start + len(part)}", [names[i] for i in part], {"": share[part]})
            for start, part in parts.items()
        ),
        Spread("different ones in an order", baskets.sum(1).astype(np.float64)),
    ]


def _of_ratings(train: Split) -> list[Panel]:
    assert train.targets is not None
    stars, counts = np.unique(train.targets.numpy(), return_counts=True)
    pairs = train.inputs.numpy()
    per = [np.bincount(pairs[:, i]).astype(np.float64) for i in (0, 1)]
    return [
        Bars("stars", [f"{star:g}" for star in stars], {"": counts / counts.sum()}),
        Spread("ratings of a user", per[0][per[0] > 0]),
        Spread("ratings of a film", per[1][per[1] > 0]),
    ]


def _word(names: tuple[str, ...], label: int) -> str:
    return names[label] if label < len(names) else str(label)
