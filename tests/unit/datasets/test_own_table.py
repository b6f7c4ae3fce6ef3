"""One's own table: a class or a number to predict, and mistakes by their line."""

import hashlib
from pathlib import Path

import pytest
import torch

from palestra.datasets.dataset import Dataset
from palestra.datasets.own_table import load
from palestra.datasets.tables.source import FRAMES
from palestra.errors import UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    lines = ["id,size,kind,price", *(f"{i},{i % 7 or ''},{'ab'[i % 2]},{100 + i}" for i in range(50))]
    (tmp_path / "houses.csv").write_text("\n".join(lines))
    return tmp_path / "houses.csv"


def test_a_number(path: Path) -> None:
    splits = Dataset("own/table", {"path": str(path), "target": "price", "drop": ["id"]}).load()
    assert {name: tuple(split.inputs.shape) for name, split in splits.items()} == {
        "train": (30, 4), "validation": (10, 4), "test": (10, 4),
    }  # fmt: skip
    targets = splits["train"].targets
    assert targets is not None
    assert targets.dtype == torch.float32


def test_names_as_a_command_line_has_them(path: Path) -> None:
    one, other = (
        load(str(path), "price", drop=drop, words=words)["train"].inputs
        for drop, words in ((["id", "kind"], ["size"]), ("id, kind", "size"))
    )
    assert one.equal(other)
    assert one.shape == (30, 7)  # six sizes, and none


def test_a_column_that_is_left_out_may_hold_anything(path: Path) -> None:
    path.write_text(path.read_text().replace("\n7,", "\nseven,", 1))
    assert Dataset("own/table", {"path": str(path), "target": "kind", "drop": "id"}).class_names() == ("a", "b")
    assert len(load(str(path), "kind", drop="id")["train"].inputs) == 30
    with pytest.raises(UsageError, match="'seven' is no number, as 49 of 50 values are; correct it, leave the column"):
        load(str(path), "kind")


def test_a_class(path: Path) -> None:
    named = Dataset("own/table", {"path": str(path), "target": "kind"})
    targets = named.load()["train"].targets
    assert targets is not None
    assert set(targets.tolist()) == {0, 1}
    assert named.class_names() == ("a", "b")
    numbered = Dataset("own/table", {"path": str(path), "target": "size", "task": "classification"})
    with pytest.raises(UsageError, match="row 1 of the table has no size"):
        numbered.load()
    assert numbered.class_names() == ("1", "2", "3", "4", "5", "6")
    assert Dataset("own/table", {"path": str(path), "target": "price"}).class_names() == ()


def test_tabulators_and_other_separators(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("x\ty\n" + "".join(f"{i}\t{i}\n" for i in range(9)))
    (tmp_path / "a.csv").write_text("x|y\n" + "".join(f"{i}|{i}\n" for i in range(9)))
    for name, separator in (("a.tsv", ""), ("a.csv", "|")):
        splits = load(str(tmp_path / name), "y", separator=separator)
        assert sum(len(split.inputs) for split in splits.values()) == 9
    with pytest.raises(UsageError, match="separator='::'; expected one character"):
        load(str(tmp_path / "a.csv"), "y", separator="::")


def test_it_is_shown_as_it_is(path: Path) -> None:
    frame, target = FRAMES["own/table"](path=str(path), target="price", words=["id"], test=0.1)
    assert (len(frame), target) == (50, "price")
    with pytest.raises(UsageError, match="column 'id' holds words"):
        frame.numbers("id")


def test_what_is_wrong(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown column 'cost'; nearest: "):
        load(str(path), "cost")
    with pytest.raises(UsageError, match="task=guess; expected auto, classification or regression"):
        load(str(path), "price", task="guess")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"none\.csv cannot be read \(No such file or directory\); expected a file of"):
        load(str(tmp_path / "none.csv"), "price")
    path.write_text(path.read_text().replace("30,2,a,130", "30,2,a"))
    with pytest.raises(UsageError, match=r"houses\.csv, line 32: 3 values; expected 4"):
        load(str(path), "price")


def test_its_digest(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    named = Dataset("own/table", {"path": str(path), "target": "price"})
    assert named.origin() == {"files": {str(path): {"sha256": digest}}}


def test_another_separator_is_recognised_by_the_first_line(tmp_path: Path) -> None:
    for name, between, expected in (("a.csv", ";", "','"), ("b.tsv", ",", r"'\\t'")):
        (tmp_path / name).write_text(f"x{between}y\n1{between}2\n")
        with pytest.raises(UsageError, match=f"no {expected} in its first line; expected it, or separator='{between}'"):
            load(str(tmp_path / name), "y")
    (tmp_path / "c.csv").write_text("x\n1\n")
    with pytest.raises(UsageError, match="a table of nothing but x"):
        load(str(tmp_path / "c.csv"), "x")


def test_a_table_that_memory_does_not_hold_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palestra.datasets.own_table.LARGEST", 100)
    with pytest.raises(UsageError, match=r"houses\.csv of 0 MB; expected at most 0 MB, .*own/arrays"):
        load(str(path), "price")


def test_a_share_that_is_no_row_and_classes_that_are_numbers(tmp_path: Path) -> None:
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    few.write_text("x,y\n1,2\n3,4\n")
    with pytest.raises(UsageError, match=r"few\.csv: validation=0.2 of 2 rows, which is none; expected 3 rows or more"):
        load(str(few), "y")
    assert len(load(str(few), "y", validation=0.0, test=0.0)["train"].inputs) == 2
    many.write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(50)))
    with pytest.raises(UsageError, match=r"many\.csv: y with 50 different values in 50 rows; expected classes, or"):
        load(str(many), "y", task="classification")


def test_mistakes_of_the_table_are_said_with_its_name(path: Path) -> None:
    with pytest.raises(UsageError, match=r"houses\.csv: row 1 of the table has no size; expected one in every row"):
        load(str(path), "size")
