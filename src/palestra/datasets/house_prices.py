"""House prices in Ames, Iowa (De Cock 2011), as Kaggle's competition has them: 79 columns, many gaps, one price.

What is predicted is the logarithm of the price, so that the root of the mean squared error is the competition's
log-RMSE. 1,460 houses have a price; the prices of 1,459 others only Kaggle knows, and they are the split
``submission``, without targets.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from palestra.datasets.card import Card
from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource, fetch
from palestra.datasets.hub.sources import Mirror, Wheel
from palestra.datasets.made_houses import made_houses
from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.source import ENCODINGS, FRAMES
from palestra.datasets.tables.splits import Cut, Encoded, table_splits
from palestra.errors import require
from palestra.runs.atomic import write_bytes

TARGET, NUMBER = "SalePrice", "Id"
WORDS = ("MSSubClass",)
"""Numbers that are names: a kind of dwelling."""
LARGE = 4_000.0
"""Square feet above which De Cock advises to leave a house out: few, and sold under their price."""
SIZES = (1_460, 1_459)

RESOURCE = Resource(
    "house-prices",
    (
        Content("train.csv", 460_676, "1e18addf81e5e4d347cc17ee6075bbe4a42b7fa26b9e5b063e8f692a5f929d41"),
        Content("test.csv", 451_405, "8fdd3d829d4d986b58f845c9553b225e67dd8383624d90fb6ca1d4bed5798c1e"),
    ),
    (
        Mirror(
            "http://d2l-data.s3-accelerate.amazonaws.com",
            {"train.csv": "kaggle_house_pred_train.csv", "test.csv": "kaggle_house_pred_test.csv"},
            912_081,
        ),
        Wheel(
            "regression-model-template",
            "0.1.0",
            {name: f"regression_model/datasets/{name}" for name in ("train.csv", "test.csv")},
            190_612,
        ),
    ),
    stand_in=True,
)


def frames(stand_in: bool = False, seed: int = 0) -> tuple[Frame, Frame]:
    """The houses with a price, and those without; made ones of the same shape with ``stand_in``."""
    if stand_in:
        priced = made_houses(SIZES[0], seed)
        return priced, made_houses(SIZES[1], seed + 1).without((TARGET,))
    files = fetch(RESOURCE)
    priced, unpriced = (
        read_separated(files[name], f"house-prices' {name}", words=WORDS) for name in ("train.csv", "test.csv")
    )
    return priced, unpriced


def encoded(cut: Cut, *, log_skewed: bool = False, large: bool = True, stand_in: bool = False) -> Encoded:
    """The splits with the names of their columns; see ``load``."""
    priced, unpriced = frames(stand_in)
    logged = Frame({**priced.columns, TARGET: np.log(priced.numbers(TARGET))})
    untrained = None if large else priced.numbers("GrLivArea") > LARGE
    made = table_splits(logged, TARGET, "regression", cut, drop=(NUMBER,), log_skewed=log_skewed, untrained=untrained)
    submitted = torch.from_numpy(made.encoding(unpriced.without((NUMBER,))))
    return replace(made, splits={**made.splits, "submission": Split(submitted, None)})


def load(
    validation: float = 0.2,
    test: float = 0.2,
    folds: int = 0,
    fold: int = 0,
    seed: int = 0,
    log_skewed: bool = False,
    large: bool = True,
    stand_in: bool = False,
) -> Splits:
    """Columns as numbers, standardised and one-hot by the training rows alone, and the logarithm of the price.

    Args:
        validation: share of the houses to choose by; not used with ``folds``.
        test: share of the houses to be judged on in the end; 0 for none.
        folds: parts of the other houses, of which ``fold`` is the validation split.
        fold: which of them, from 0.
        seed: decides which houses.
        log_skewed: take the logarithm of skewed columns first.
        large: train on houses of more than 4,000 square feet too.
        stand_in: made houses of the same shape in their place.
    """
    cut = Cut(validation, test, folds, fold, seed)
    return encoded(cut, log_skewed=log_skewed, large=large, stand_in=stand_in).splits


def write_submission(path: Path, log_price: ArrayLike, stand_in: bool = False) -> Path:
    """Write predictions for the split ``submission`` as Kaggle takes them; returns the path.

    Args:
        path: of the CSV file, which is written whole or not at all.
        log_price: (1459,) logarithms, in the order of that split.
        stand_in: whether the houses were made.

    Raises UsageError for another number of them, and for one that is no finite price, with its row.
    """
    values = np.asarray(log_price, np.float64).reshape(-1)
    require(len(values) == SIZES[1], f"{len(values)} predictions", f"{SIZES[1]}, one for each house of 'submission'")
    with np.errstate(over="ignore"):
        price = np.exp(values)
    wrong = ~np.isfinite(price)
    require(not wrong.any(), f"row {int(wrong.argmax())}: log price {values[int(wrong.argmax())]}", "a finite price")
    _, unpriced = frames(stand_in)
    write_bytes(path, submission(unpriced.numbers(NUMBER).astype(int).tolist(), price.tolist()).encode())
    return path


def submission(number: Sequence[int], price: Sequence[float]) -> str:
    """The text of a submission."""
    rows = (f"{each},{value:.2f}\n" for each, value in zip(number, price, strict=True))
    return f"{NUMBER},{TARGET}\n{''.join(rows)}"


def encoding(log_skewed: bool = False, large: bool = True, stand_in: bool = False, **cut: Any) -> Encoding:
    """How a house becomes numbers, by the training rows of the same arguments."""
    return encoded(Cut(**cut), log_skewed=log_skewed, large=large, stand_in=stand_in).encoding


ENCODINGS["house-prices"] = encoding
FRAMES["house-prices"] = lambda stand_in=False, **_: (frames(stand_in)[0], TARGET)
register(
    "house-prices",
    load,
    Card(
        title="House prices (Ames)",
        about="79 facts about a house, with gaps; the logarithm of its price?",
        kind="table",
        licence="De Cock 2011, free for teaching; as a competition's data under Kaggle's rules",
        home="De Cock 2011, https://www.kaggle.com/c/house-prices-advanced-regression-techniques",
        rows=sum(SIZES),
        resource=RESOURCE,
    ),
)
