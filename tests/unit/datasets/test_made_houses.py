"""Made houses: the columns of the real ones, and a price that follows from some of them."""

import numpy as np

from palestra.datasets.made_houses import GAPS, NUMBERS, WORDS, made_houses
from palestra.datasets.tables.frame import Words, missing


def test_the_columns_of_the_real_ones() -> None:
    frame = made_houses(300, 0)
    assert len(NUMBERS) + len(WORDS) == 79
    assert [*frame.columns] == ["Id", *NUMBERS, *WORDS, "SalePrice"]
    assert all(isinstance(frame.column(name), Words) for name in WORDS)
    for name, share in GAPS.items():
        assert abs(missing(frame.column(name)).mean() - share) < 0.1
    assert sum(missing(column).any() for column in frame.columns.values()) <= len(GAPS)


def test_the_price_follows() -> None:
    frame = made_houses(1_000, 1)
    area, price = np.log(frame.numbers("GrLivArea")), np.log(frame.numbers("SalePrice"))
    assert 0.2 < np.corrcoef(area, price)[0, 1] < 0.99
    assert 11 < price.mean() < 13
    assert np.array_equal(frame.numbers("SalePrice"), made_houses(1_000, 1).numbers("SalePrice"))
