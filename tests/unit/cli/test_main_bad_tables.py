"""Whatever is wrong with a table of one's own is one line, with its row or column, of a training and of a report."""

from pathlib import Path

import pytest

from palestra.cli.main import main

pytest.importorskip("sklearn")

HEAD = "size,age,y"
ROWS = [f"{i},{i % 7},{'ab'[i % 2]}" for i in range(40)]
GOOD = "\n".join([HEAD, *ROWS]) + "\n"


def changed(row: int, line: str) -> str:
    """The good table with another line in the place of one row, from 1."""
    return "\n".join([HEAD, *ROWS[: row - 1], line, *ROWS[row:]]) + "\n"


TABLES: dict[str, tuple[bytes, str]] = {
    "a word among numbers": (changed(7, "many,3,a").encode(), "line 8, column size: 'many' is no number, as 39 of 40"),
    "infinity": (changed(7, "inf,3,a").encode(), "line 8, column size: inf; expected a finite number"),
    "one class": (GOOD.replace(",b\n", ",a\n").encode(), "y is a in every row; expected two classes or more"),
    "a target that is missing": (changed(7, "3,3,").encode(), "no y; expected one in every row"),
    "names that are the same": (
        GOOD.replace("size,age", "size,size").encode(),
        "column 2 is called 'size'; expected a",
    ),
    "a name that is none": (GOOD.replace("size,age", "size,").encode(), "column 2 is called ''; expected a name"),
    "semicolons": (GOOD.replace(",", ";").encode(), "no ',' in its first line; expected it, or separator=';'"),
    "a value too many": (changed(7, "1,2,3,a").encode(), "line 8: 4 values; expected 3, one a column"),
    "GBK": (GOOD.replace("size", "面积").encode("gb18030"), "it reads as GBK: iconv -f GB18030 -t UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "it begins as UTF-16 does: iconv -f UTF-16 -t UTF-8"),
    "nothing": (b"", "is empty; expected a line with the names"),
    "a head alone": (f"{HEAD}\n".encode(), "has no rows; expected at least one"),
    "an open quote": (changed(7, '"3,3,a').encode(), "expected values between separators"),
    "no such target": (GOOD.replace(",y", ",answer").encode(), "unknown column 'y'; nearest:"),
}
"""What is wrong to the bytes of a table, and what is said."""
TRAIN = ["train", "--estimator", "DecisionTreeClassifier", "--data", "bad.csv", "--set", "dataset.kwargs.target=y"]
REPORT = ["report", "--estimator", "DecisionTreeClassifier", "--data", "bad.csv", "--target", "y"]


def said(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command ends with."""
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("name", TABLES)
def test_a_line_of_a_training_and_of_a_report(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content, expected = TABLES[name]
    (tmp_path / "bad.csv").write_bytes(content)
    for argv in (TRAIN, REPORT):
        line = said(argv, capsys)
        assert expected in line
        assert "bad.csv" in line or argv is REPORT  # where the target is named, it is that of the option


def test_a_byte_order_mark_is_read_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    argv = [*TRAIN, "--quiet", "--no-plots", "--set", "dataset.kwargs.drop=size"]  # whose name the mark stands before
    assert main(argv) == 0


def test_a_gigabyte_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "bad.csv").open("wb") as file:
        file.truncate(10**9)
    for argv in (TRAIN, REPORT):
        assert "bad.csv of 1,000 MB; expected at most 250 MB, since memory has to hold it" in said(argv, capsys)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (TRAIN[:-2], "--data bad.csv without a target; expected the column to predict: --set dataset.kwargs.target="),
        ([*TRAIN, "--set", "dataset.kwargs.folds=99"], "folds=99 of 32 rows; expected 2 to 32"),
        ([*TRAIN, "--set", "dataset.kwargs.test=0.001"], "bad.csv: test=0.001 of 40 rows, which is none"),
        ([*TRAIN[:2], "Ridge", *TRAIN[3:]], "y holds words (a, b); expected numbers for a regression"),
        ([*REPORT, "--folds", "99"], "--folds 99 of 40 rows; expected 2 to 40"),
        ([*REPORT[:2], "Ridge", *REPORT[3:]], "y holds words (a, b); expected numbers for Ridge, or a classifier"),
        (REPORT[:-2], "--data bad.csv without --target; expected the column"),
        ([*REPORT, "--test", "later.csv"], "later.csv: column 'age' holds words (old); expected numbers"),
        ([*REPORT, "--test", "bad-test.csv"], "bad-test.csv without age; expected the columns of bad.csv"),
        ([*REPORT, "--time", "y"], "--group or --time y; expected another column than the target"),
        ([*REPORT, "--group", "who"], "unknown column 'who'; nearest:"),
    ],
)  # fmt: skip
def test_what_is_asked_of_a_table_that_is_right(
    argv: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text(GOOD)
    (tmp_path / "later.csv").write_text("size,age,y\n1,old,a\n")
    (tmp_path / "bad-test.csv").write_text("size,y\n1,a\n")
    assert expected in said(argv, capsys)


def test_an_estimator_that_takes_no_gaps_says_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text(changed(7, ",3,a"))
    argv = [*REPORT[:2], "SVC", *REPORT[3:]]
    assert "bad.csv, row 7, column size: no value, and SVC takes none" in said(argv, capsys)
