"""Encoding: equal to scikit-learn's transformers, and blind to all but the training rows."""

import numpy as np
import pytest

from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame, Words
from palestra.errors import UsageError

compose = pytest.importorskip("sklearn.compose")
impute = pytest.importorskip("sklearn.impute")
pipeline = pytest.importorskip("sklearn.pipeline")
preprocessing = pytest.importorskip("sklearn.preprocessing")


def frame(count: int, seed: int, shift: float = 0.0) -> Frame:
    rng = np.random.default_rng(seed)
    size = np.where(rng.random(count) < 0.2, np.nan, rng.normal(50 + shift, 9, count))
    return Frame({
        "size": size,
        "rooms": rng.integers(1, 9, count).astype(float),
        "kind": Words(("a", "b", "c"), rng.integers(-1, 3, count)),
    })  # fmt: skip


def test_it_is_what_scikit_learn_makes_of_it() -> None:
    train, test = frame(200, 0), frame(50, 1, shift=30.0)
    encoding = Encoding(train)
    assert encoding.names == ("size", "size missing", "rooms", "kind=a", "kind=b", "kind=c", "kind missing")
    numeric = pipeline.make_pipeline(preprocessing.StandardScaler(), impute.SimpleImputer(add_indicator=True))
    both = compose.ColumnTransformer([
        ("numbers", numeric, [0]), ("rooms", preprocessing.StandardScaler(), [1]),
        ("words", preprocessing.OneHotEncoder(sparse_output=False), [2]),
    ])  # fmt: skip

    def table(rows: Frame) -> np.ndarray:
        kind = rows.column("kind")
        assert isinstance(kind, Words)
        codes = np.where(kind.codes < 0, 3.0, kind.codes)  # missing is a fourth word, the last
        return np.stack((rows.numbers("size"), rows.numbers("rooms"), codes), 1)

    both.fit(table(train))
    for rows in (train, test):
        assert np.allclose(encoding(rows), both.transform(table(rows)), atol=1e-5)


def test_other_rows_change_nothing() -> None:
    train = frame(100, 0)
    before = Encoding(train)(train)
    assert np.allclose(before[:, 2].mean(), 0, atol=1e-6)
    assert np.allclose(before[:, 2].std(), 1, atol=1e-6)
    shifted = Encoding(train)(frame(100, 1, shift=1_000.0))
    assert shifted[:, 0].max() > 50  # not standardised by themselves


def test_a_word_that_training_has_not_and_a_column_that_says_nothing() -> None:
    train = Frame(
        {"kind": Words(("a", "b"), np.array([0, 0])), "same": np.array([7.0, 7.0]), "none": np.full(2, np.nan)}
    )
    encoding = Encoding(train)
    assert encoding.names == ("kind=a", "same", "none", "none missing")
    other = Frame(
        {"kind": Words(("b", "a"), np.array([0, 1])), "same": np.array([7.0, 8.0]), "none": np.array([1.0, 2.0])}
    )
    assert encoding(other).tolist() == [[0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 2.0, 0.0]]


def test_skewed_columns_by_their_logarithm() -> None:
    skewed, plain = np.array([1.0, 2.0, 3.0, 400.0]), np.array([1.0, 2.0, 3.0, 4.0])
    table = Frame({"skewed": skewed, "plain": plain, "negative": -skewed})
    logged = np.log1p(skewed)
    made = Encoding(table, log_skewed=True)(table)
    assert np.allclose(made[:, 0], (logged - logged.mean()) / logged.std())
    assert np.allclose(made[:, 1:], Encoding(table)(table)[:, 1:])
    assert not np.allclose(made[:, 0], Encoding(table)(table)[:, 0])


def test_a_threshold_is_told_in_the_words_and_units_of_the_table() -> None:
    train = frame(200, 0)
    encoding = Encoding(train)
    at = encoding.names.index("rooms")
    rooms = train.numbers("rooms")
    threshold = float((3.5 - rooms.mean()) / rooms.std())
    assert encoding.question(at, threshold) == "rooms ≤ 3.5"
    assert ((encoding(train)[:, at] <= threshold) == (rooms <= 3.5)).all()
    assert encoding.question(encoding.names.index("kind=b"), 0.5) == "not kind=b"
    assert encoding.question(encoding.names.index("size missing"), 0.5) == "not size missing"
    skewed = Encoding(Frame({"cost": np.exp(np.random.default_rng(0).normal(size=300) * 2)}), log_skewed=True)
    cost = np.log1p(np.exp(np.random.default_rng(0).normal(size=300) * 2))
    assert skewed.question(0, float((np.log1p(10.0) - cost.mean()) / cost.std())) == "cost ≤ 10"


def test_words_that_memory_does_not_hold_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palestra.datasets.tables.encoding.LARGEST", 200)
    names = Words(tuple(f"n{i}" for i in range(20)), np.arange(20))
    with pytest.raises(UsageError, match=r"20 training rows of 21 columns, 20 of them for the words of name; .*=name"):
        Encoding(Frame({"name": names, "x": np.arange(20.0)}))
