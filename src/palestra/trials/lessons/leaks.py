"""Leaks: what it costs to prepare a table as a whole before it is split, where the truth is known.

Fifty rows are prepared, divided into five folds, and each row is named after its nearest neighbour in the other four.
With the leak the preparation has seen all rows; without it, only the rows that are learned from. What either says is
held against rows that nobody has seen. Where columns are chosen it is the example of Hastie, Tibshirani & Friedman 2009
(section 7.10.2): 5,000 columns of noise, labels that have nothing to do with them, and the hundred columns that go best
with the labels. The truth is a half, and the leak says 0.97.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.engine.seeding import generator
from palestra.ops.neighbours import nearest_classes
from palestra.ops.statistics import mean_interval
from palestra.pictures.panels import Bars, Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson

ROWS, FOLDS, DRAWS, FRESH = 50, 5, 30, 100
"""Of a table, of its cross-validation, tables for a mean, and rows that nobody has seen."""
COLUMNS, KEPT = 5_000, 100
"""Of noise, and how many of them are chosen."""
FEW, GAPS, VALUES = 10, 0.3, 25
"""Columns of the other tables, the share of their cells that is missing, and words that a column of words has."""
TRIED, TRIED_DRAWS = (100, 300, 1_000, 3_000), 5
"""Numbers of columns out of which those hundred are chosen, and tables for each."""

Apply = Callable[[Tensor, Tensor | None], Tensor]
"""Prepares rows (n, F); their labels are there only where the preparation was fitted to them."""
Fit = Callable[[Tensor, Tensor], Apply]
"""From rows (n, F) and labels (n,) to a preparation."""
World = Callable[[int, Generator], tuple[Tensor, Tensor]]
"""From a number of rows to rows (n, F) and labels (n,), as many of either class."""


class Preparation(NamedTuple):
    """What is done to a table, and a table to do it to."""

    fit: Fit
    world: World
    sees_labels: bool
    """Whether it is fitted to the labels too."""


def _labels(count: int) -> Tensor:
    return torch.arange(count) % 2


def noise(count: int, rng: Generator, columns: int = COLUMNS) -> tuple[Tensor, Tensor]:
    """Columns that have nothing to do with the labels."""
    return torch.randn(count, columns, generator=rng, dtype=torch.float64), _labels(count)


def words(count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """The same with words for numbers: 0, 1, ..."""
    return torch.randint(VALUES, (count, FEW), generator=rng).double(), _labels(count)


def gaps(count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """Noise of which cells are missing."""
    rows, labels = noise(count, rng, FEW)
    return rows.masked_fill(torch.rand(count, FEW, generator=rng) < GAPS, torch.nan), labels


def units(count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """Columns that do say something, each in a unit ten times as small as the one before it."""
    rows, labels = noise(count, rng, FEW)
    return (rows + labels[:, None]) * 10.0 ** torch.arange(FEW), labels


def units_with_gaps(count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """Columns that say something, in one unit, with cells missing."""
    rows, labels = gaps(count, rng)
    return rows + labels[:, None], labels


def scaled(x: Tensor, y: Tensor) -> Apply:
    """Mean 0 and deviation 1 in every column."""
    mean, deviation = x.mean(0), x.std(0)
    return lambda rows, _: (rows - mean) / deviation


def filled(x: Tensor, y: Tensor) -> Apply:
    """Gaps filled by the mean of the column."""
    mean = x.nanmean(0)
    return lambda rows, _: torch.where(rows.isnan(), mean, rows)


def filled_by_class(x: Tensor, y: Tensor) -> Apply:
    """Gaps filled by the mean of the rows of the same label; of rows whose label is not known, by that of all."""
    mean, means = x.nanmean(0), torch.stack([x[y == label].nanmean(0) for label in (0, 1)])
    return lambda rows, labels: torch.where(rows.isnan(), mean if labels is None else means[labels], rows)


def encoded(x: Tensor, y: Tensor) -> Apply:
    """Every word becomes the share of label 1 among the rows that have it; one that is new, the share in all rows."""
    has = torch.nn.functional.one_hot(x.long(), VALUES).double()  # (n, F, VALUES)
    count, sum_ = has.sum(0), (has * y[:, None, None]).sum(0)
    share = torch.where(count > 0, sum_ / count.clamp(min=1), y.double().mean())
    return lambda rows, _: share[torch.arange(rows.shape[1]), rows.long()]


def chosen(x: Tensor, y: Tensor) -> Apply:
    """The ``KEPT`` columns that are most correlated with the labels, either way."""
    off, side = x - x.mean(0), y.double() - y.double().mean()
    correlation = (side @ off).abs() / off.square().sum(0).sqrt()
    best = correlation.topk(min(KEPT, x.shape[1])).indices
    return lambda rows, _: rows[:, best]


PREPARATIONS = {
    "scaled": Preparation(scaled, units, False),
    "filled": Preparation(filled, units_with_gaps, False),
    "filled by class": Preparation(filled_by_class, gaps, True),
    "words as shares": Preparation(encoded, words, True),
    "columns chosen": Preparation(chosen, noise, True),
}
"""Name to what is done. Where it sees labels, the rows have nothing to do with them, and the truth is a half."""


def lesson(seed: int) -> Lesson:
    """Five preparations, with and without the leak."""
    rows: list[tuple[str | float, ...]] = []
    leaks: dict[str, float] = {}
    for name, each in PREPARATIONS.items():
        rng = generator(seed, "lesson", name)
        found = torch.tensor([estimates(each.fit, each.world, rng) for _ in range(DRAWS)], dtype=torch.float64)
        leaks[name], low, high = mean_interval(found[:, 0] - found[:, 1])
        rows.append((name, "yes" if each.sees_labels else "no", *found.mean(0).tolist(), leaks[name], low, high))
    columns = ("prepared", "sees labels", "with the leak", "without", "fresh rows", "leak", "low", "high")
    _, _, leaked, honest, *_ = rows[-1]
    said = (
        f"columns of noise, chosen before the split: accuracy {leaked:.2f}; chosen within it: {honest:.2f}, of 0.5 in"
        f" truth. What sees no labels leaks little: scaling {leaks['scaled']:+.3f}, means for gaps"
        f" {leaks['filled']:+.3f}"
    )
    bars = {head: [float(row[at]) for row in rows] for at, head in enumerate(columns[2:5], 2)}
    panels: list[Panel] = [Bars("accuracy that is believed, and that of fresh rows", [*PREPARATIONS], bars)]
    panels.append(_by_columns(generator(seed, "lesson", "columns")))
    return Lesson(columns, rows, said, Panels("leaks", said, panels, columns=2))


def estimates(fit: Fit, world: World, rng: Generator) -> tuple[float, float, float]:
    """Of one table: accuracy with the leak and without, and that of the trainings without it on fresh rows."""
    (x, y), (fresh_x, fresh_y) = world(ROWS, rng), world(FRESH, rng)
    prepared, fold = fit(x, y)(x, y), torch.arange(ROWS) // 2 % FOLDS  # as many of either class in each
    hits: list[tuple[Tensor, Tensor, Tensor]] = []
    for each in range(FOLDS):
        held = fold == each
        own, label = fit(x[~held], y[~held]), y[~held]
        known = own(x[~held], label)
        hits.append((
            _named(prepared[held], prepared[~held], label) == y[held],
            _named(own(x[held], None), known, label) == y[held],
            _named(own(fresh_x, None), known, label) == fresh_y,
        ))  # fmt: skip
    leaked, honest, fresh = (float(torch.cat(part).double().mean()) for part in zip(*hits, strict=True))
    return leaked, honest, fresh


def _named(rows: Tensor, known: Tensor, label: Tensor) -> Tensor:
    return nearest_classes(rows, known, label, 1)


def _by_columns(rng: Generator) -> Lines:
    """The more columns there are to choose from, the better some of them go with anything."""
    found = [
        torch.tensor(
            [estimates(chosen, partial(noise, columns=count), rng)[:2] for _ in range(TRIED_DRAWS)],
            dtype=torch.float64,
        ).mean(0)
        for count in TRIED
    ]
    across = torch.tensor(TRIED, dtype=torch.float64).log10().numpy()
    lines = {name: (across, torch.stack(found)[:, at].numpy()) for at, name in enumerate(("with the leak", "without"))}
    return Lines(f"{KEPT} columns of noise, chosen out of", "log10 of the columns", lines, bounds=(0.0, 1.0))
