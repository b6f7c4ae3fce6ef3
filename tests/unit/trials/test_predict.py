"""Predictions of files: images of any size and colour, rows of arrays, and what is none of these."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import palestra
from palestra.datasets.dataset import Dataset
from palestra.datasets.house_prices import frames
from palestra.datasets.tables.frame import Column, Words
from palestra.errors import UsageError
from palestra.trials.predict import predict


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved classifier of digits."""
    learner = palestra.SoftmaxRegression("digits").learn(5_000)
    return Path(learner.save(tmp_path_factory.mktemp("digits") / "saved"))


def test_images_and_arrays_are_predicted_as_the_learner_does(digits: Path, tmp_path: Path) -> None:
    images, _ = palestra.load_data("digits", split="test")
    np.save(tmp_path / "rows.npy", images[:4])
    for i, mode in enumerate(("L", "RGB")):
        Image.fromarray(images[i]).convert(mode).save(tmp_path / f"{i}.png")
    found = predict(digits, [tmp_path / "rows.npy", str(tmp_path / "0.png"), tmp_path / "1.png"])
    learner = palestra.load(digits)
    expected = learner.predict(images[:4]).tolist()
    assert [each.value for each in found] == [*expected, *expected[:2]]
    assert [each.row for each in found] == [0, 1, 2, 3, 0, 0]
    assert [each.name for each in found] == [str(each.value) for each in found]
    certain = learner.predicted(images[:4]).double().softmax(1).amax(1)
    assert [each.probability for each in found] == pytest.approx([*certain.tolist(), *certain[:2].tolist()])


def test_a_regressor_gives_numbers_and_takes_rows_alone(tmp_path: Path) -> None:
    config = palestra.LinearRegressionConfig(solver="closed-form")
    saved = palestra.LinearRegression("diabetes", config).learn(1).save(tmp_path / "saved")
    rows, _ = palestra.load_data("diabetes", split="test")
    np.save(tmp_path / "rows.npy", rows[:3])
    found = predict(saved, [tmp_path / "rows.npy"])
    assert [each.value for each in found] == pytest.approx(palestra.load(saved).predict(rows[:3]).tolist())
    assert {(each.name, each.probability) for each in found} == {("", None)}
    with pytest.raises(
        UsageError, match=r"photo\.png for a learner of rows \(10,\); expected an \.npy file of such rows, or a table"
    ):
        predict(saved, [tmp_path / "photo.png"])


def test_what_cannot_be_predicted_is_told(digits: Path, tmp_path: Path, quick_run: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"?")
    np.save(tmp_path / "rows.npy", np.zeros((2, 3, 3), np.uint8))
    for files, said in (
        ([], "no files; expected images"),
        ([tmp_path / "no.png"], r"no\.png is no whole image"),
        ([tmp_path / "nowhere.png"], r"there is no file .*nowhere\.png; expected an image"),
        ([tmp_path / "none.npy"], r"none\.npy cannot be read"),
        ([tmp_path / "rows.npy"], r"inputs of shape \(2, 3, 3\); expected rows \(n, 8, 8\)"),
    ):
        with pytest.raises(UsageError, match=said):
            predict(digits, files)
    with pytest.raises(UsageError, match="learned in a world; expected a run that learned from data"):
        predict(quick_run, [tmp_path / "no.png"])


def test_what_says_rows_again_labels_none(tmp_path: Path) -> None:
    saved = palestra.Autoencoder("digits", palestra.AutoencoderConfig(code=2)).learn(1).save(tmp_path / "saved")
    images, _ = palestra.load_data("digits", split="test")
    np.save(tmp_path / "rows.npy", images[:3])
    with pytest.raises(UsageError, match=r"rows\.npy for a run that says 64 numbers of a row; expected one"):
        predict(saved, [tmp_path / "rows.npy"])


HOUSES = {"stand_in": True}


def test_rows_of_a_table_are_encoded_as_those_that_it_was_trained_on(tmp_path: Path) -> None:
    """With columns in another order, and some that nobody asked for; a gap, and a word that training never saw."""
    lines = ["size,town,extra,price", *(f"{n},{'north' if n % 2 else 'south'},{-n},{3 * n}" for n in range(60))]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n")
    data = {"path": str(tmp_path / "all.csv"), "target": "price", "drop": "extra"}
    learner = palestra.LinearRegression(
        Dataset("own/table", data), palestra.LinearRegressionConfig(solver="closed-form")
    )
    saved = learner.learn(1).save(tmp_path / "saved")
    (tmp_path / "new.tsv").write_text("town\tsize\tprice\nnorth\t11\t?\nsouth\t40\t\nelsewhere\t\t7\n")
    found = [each.value for each in predict(saved, [tmp_path / "new.tsv"])]
    assert found[:2] == pytest.approx([33.0, 120.0], abs=1.0)
    assert 60 < found[2] < 120  # the mean size, of no town
    (tmp_path / "less.csv").write_text("town\nnorth\n")
    with pytest.raises(
        UsageError, match=r"less\.csv: a table without size; expected the columns that it was trained on"
    ):
        predict(saved, [tmp_path / "less.csv"])
    (tmp_path / "words.csv").write_text("town,size\nnorth,large\n")
    with pytest.raises(UsageError, match=r"words\.csv: column 'size' holds words \(large\); expected numbers"):
        predict(saved, [tmp_path / "words.csv"])
    with pytest.raises(UsageError, match=r"none\.csv cannot be read .* expected a file of separated values"):
        predict(saved, [tmp_path / "none.csv"])


def test_houses_without_a_price_are_predicted_from_the_file_that_was_published(tmp_path: Path) -> None:
    dataset = Dataset("house-prices", HOUSES)
    learner = palestra.LinearRegression(
        dataset, palestra.LinearRegressionConfig(solver="closed-form", weight_decay=0.1)
    )
    saved = learner.learn(1).save(tmp_path / "saved")
    _, unpriced = frames(stand_in=True)
    names = list(unpriced.columns)
    columns = [_texts(unpriced.columns[name]) for name in names]
    rows = [",".join(names), *(",".join(row) for row in zip(*columns))]
    (tmp_path / "test.csv").write_text("\n".join(rows) + "\n")
    found = [each.value for each in predict(saved, [tmp_path / "test.csv"])]
    assert found == pytest.approx(learner.predict(dataset.load()["submission"].inputs.numpy()).tolist(), rel=1e-6)


def _texts(column: Column) -> list[str]:
    if isinstance(column, Words):
        return ["" if code < 0 else column.levels[code] for code in column.codes]
    return ["" if np.isnan(value) else repr(float(value)) for value in column]


def test_several_labels_of_a_row_are_no_single_class(tmp_path: Path) -> None:
    learner = palestra.LabelRegression("toy/labels").learn(100)
    np.save(tmp_path / "rows.npy", np.zeros((2, 8), np.float32))
    with pytest.raises(UsageError, match=r"rows\.npy for a run that says 5 things of a row; expected one that says a"):
        predict(learner.save(tmp_path / "saved"), [tmp_path / "rows.npy"])


def test_a_table_is_read_as_the_one_that_it_was_trained_on(tmp_path: Path) -> None:
    lines = ["size;price", *(f"{n};{3 * n}" for n in range(60))]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n")
    data = {"path": str(tmp_path / "all.csv"), "target": "price", "separator": ";"}
    learner = palestra.LinearRegression(
        Dataset("own/table", data), palestra.LinearRegressionConfig(solver="closed-form")
    )
    saved = learner.learn(1).save(tmp_path / "saved")
    (tmp_path / "new.csv").write_text("size;colour\n11;red\n")
    (tmp_path / "new.tsv").write_text("size\tcolour\n11\tred\n")
    for name in ("new.csv", "new.tsv"):
        assert predict(saved, [tmp_path / name])[0].value == pytest.approx(33.0, abs=0.1)


def test_a_pair_of_which_one_is_unknown_is_named_with_its_file_and_row(tmp_path: Path) -> None:
    saved = palestra.MatrixFactorisation("toy/ratings").learn(1).save(tmp_path / "saved")
    np.save(tmp_path / "pairs.npy", np.array([[0, 0], [3, 9_999]]))
    with pytest.raises(UsageError, match=r"pairs\.npy: row 1: film 9999; expected one from 0 to 149, as in training"):
        predict(saved, [tmp_path / "pairs.npy"])


def test_of_a_basket_the_item_that_goes_with_it_is_named(tmp_path: Path) -> None:
    config = palestra.AssociationRulesConfig(support=0.005)
    learner = palestra.AssociationRules("toy/baskets", config).learn(10**9)
    saved = learner.save(tmp_path / "saved")
    names = learner.dataset.class_names()
    basket = np.zeros((1, learner.train.inputs.shape[1]), np.uint8)
    basket[0, names.index("bread")] = 1
    np.save(tmp_path / "basket.npy", basket)
    (found,) = predict(saved, [tmp_path / "basket.npy"])
    assert (found.name, found.value, found.probability) == ("butter", names.index("butter"), None)
