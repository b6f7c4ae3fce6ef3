"""What a saved learner makes of files: images, rows of a table, or rows of an array."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset
from palestra.datasets.own_arrays import read_array
from palestra.datasets.own_images import read_images
from palestra.datasets.own_table import frame
from palestra.datasets.tables.source import ENCODINGS
from palestra.engine.predictor import Predictor
from palestra.errors import UsageError, require
from palestra.trials.saved import Which, load

TABLES = (".csv", ".tsv")
"""Endings of tables."""


@dataclass(frozen=True)
class Prediction:
    """Of one image or row."""

    file: str
    """Where it stands."""
    row: int
    """Which of that file, from 0; 0 of an image."""
    value: int | float
    """The class, group or item, from 0, or the number."""
    name: str = ""
    """Of the class or item, where it has one."""
    probability: float | None = None
    """Of the class, as a classifier sees it."""


def predict(
    run: str | Path,
    files: Sequence[str | Path],
    *,
    out: str | Path = "runs",
    which: Which = "best",
    device: str | None = None,
) -> list[Prediction]:
    """Predict every image or row of some files, in their order.

    Args:
        run: a run's folder or id, or a folder that ``save`` wrote, of a learner that learned from data.
        files: images, which are brought to the size and colours of those that it knows; tables (``.csv``, ``.tsv``)
            with the columns of the one that it was trained on; or ``.npy`` files of rows such as it was fitted to.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        device: where it computes, if not where it was trained.

    Raises UsageError, which names the file, for one that cannot be read or is of another kind.
    """
    require(len(files) > 0, "no files", "images, tables, or .npy files of rows")
    learner = load(run, out=out, which=which, device=device)
    try:
        if not isinstance(learner, Predictor):
            raise UsageError(f"{run} learned in a world; expected a run that learned from data")
        return [each for file in files for each in _of(learner, Path(file))]
    finally:
        learner.close()


def _of(learner: Predictor, file: Path) -> list[Prediction]:
    """Of one file."""
    try:
        return list(_said(learner, file))
    except UsageError as error:
        said = str(error)
        raise UsageError(said if str(file) in said else f"{file}: {said}") from error


def _said(learner: Predictor, file: Path) -> Iterator[Prediction]:
    """Row by row."""
    rows = _rows(learner, file)
    names = learner.dataset.class_names()
    if learner.kind == "classifier":
        logits = learner.predicted(rows)
        given = f"{file} for a run that says {logits.shape[1:-1].numel()} things of a row"
        require(logits.dim() == 2, given, "one that says a single class; from Python, learner.predict(rows) gives all")
        share = logits.double().softmax(-1).max(-1)
        for row, (label, probability) in enumerate(zip(share.indices.tolist(), share.values.tolist())):
            yield Prediction(str(file), row, label, names[label] if names else "", probability)
        return
    values = learner.predict(rows)
    given = f"{file} for a run that says {values[0].size} numbers of a row"
    require(values.ndim == 1, given, "one that says a single one; from Python, learner.predict(rows) gives all")
    for row, value in enumerate(values.tolist()):
        item = names[value] if learner.kind == "recommender" and names else ""
        yield Prediction(str(file), row, value, item)


def _rows(learner: Predictor, file: Path) -> NDArray[Any]:
    """(n, ...) what a file holds, in the shape that the learner takes."""
    if file.suffix.lower() == ".npy":
        return read_array(file)
    if file.suffix.lower() in TABLES and learner.dataset.id in ENCODINGS:
        return _encoded(learner.dataset, file)
    known = learner.train.inputs
    if known.dim() not in (3, 4) or known.is_floating_point():
        table = ", or a table, .csv or .tsv" if learner.dataset.id in ENCODINGS else ""
        raise UsageError(
            f"{file} for a learner of rows {tuple(known.shape[1:])}; expected an .npy file of such rows{table}"
        )
    return read_images([file], tuple(known.shape[1:]))


def _encoded(dataset: Dataset, file: Path) -> NDArray[Any]:
    """(n, F) the rows of a table, as those that it was trained on were encoded."""
    encoding = ENCODINGS[dataset.id](**dataset.kwargs)
    separator = dataset.kwargs.get("separator", "") if file.suffix.lower() == ".csv" else ""
    table = frame(str(file), words=encoding.words, separator=separator)
    return encoding(encoding.aligned(table))
