"""TableSource: a table of which everything but the bytes is known, and how it is loaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from palestra.datasets.card import Card
from palestra.datasets.dataset import Splits, register
from palestra.datasets.hub.ladder import Resource, fetch
from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame, as_words, missing
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.splits import Cut, Encoded, Task, table_splits

Reads = Callable[[Mapping[str, bytes]], Frame]
"""From the files of a data set to its table."""

FRAMES: dict[str, Callable[..., tuple[Frame, str]]] = {}
"""Name to a function of the data set's arguments that gives the table as it is published, and the column to predict."""
ENCODINGS: dict[str, Callable[..., Encoding]] = {}
"""Name to a function of the data set's arguments that gives how rows become what its learners take."""


@dataclass(frozen=True)
class TableSource:
    """A table with a name, what is predicted of it, and from which columns."""

    card: Card
    resource: Resource
    read: Reads
    target: str
    task: Task
    drop: tuple[str, ...] = ()
    """Columns that say nothing, or give the target away."""
    gaps: bool = False
    """The target is missing in some rows, which are left out of the splits."""

    def frame(self) -> Frame:
        """All of it, as it is published."""
        return self.read(fetch(self.resource))

    def classes(self) -> tuple[str, ...]:
        """Label to word; empty where a number is predicted."""
        return as_words(self.frame().column(self.target)).levels if self.task == "classification" else ()

    def encoded(self, cut: Cut, *, log_skewed: bool = False) -> Encoded:
        """Its splits, with the names of what is in them."""
        frame = self.frame()
        if self.gaps:
            frame = frame.taken(np.flatnonzero(~missing(frame.column(self.target))))
        return table_splits(frame, self.target, self.task, cut, drop=self.drop, log_skewed=log_skewed)

    def encoding(self, log_skewed: bool = False, **cut: Any) -> Encoding:
        """How rows become numbers, by the training rows of the same arguments."""
        return self.encoded(Cut(**cut), log_skewed=log_skewed).encoding

    def load(
        self,
        validation: float = 0.2,
        test: float = 0.2,
        folds: int = 0,
        fold: int = 0,
        seed: int = 0,
        log_skewed: bool = False,
    ) -> Splits:
        """The splits, parted as :class:`Cut` says; inputs standardised and one-hot by the training rows."""
        return self.encoded(Cut(validation, test, folds, fold, seed), log_skewed=log_skewed).splits


def register_table(source: TableSource) -> None:
    """Make a table known under the name of its resource."""
    FRAMES[source.resource.name] = lambda **_: (source.frame(), source.target)
    ENCODINGS[source.resource.name] = source.encoding
    register(source.resource.name, source.load, source.card, lambda **_: source.classes())


def separated(file: str, *, separator: str = ",", header: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> Reads:
    """A reader of one file of separated values."""

    def read(files: Mapping[str, bytes]) -> Frame:
        return read_separated(files[file], file, separator=separator, header=header, words=words)

    return read
