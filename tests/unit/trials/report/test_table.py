"""A user's table: columns of every kind, and one line for each thing that can be wrong with it."""

from pathlib import Path

import numpy as np
import pytest

from palestra.errors import UsageError
from palestra.trials.report.asked import Asked
from palestra.trials.report.table import Table, hash_of, read_tables

ROWS = [
    f"{i},{i % 5},{'ab'[i % 2]},{'name' + str(i)},2026-01-{1 + i % 28:02d},p{i // 4},{'yn'[i % 3 > 0]}"
    for i in range(80)
]
HEAD = "size,count,kind,who,day,patient,answer"


def written(path: Path, rows: list[str], head: str = HEAD) -> str:
    path.write_text("\n".join([head, *rows]) + "\n")
    return str(path)


def read(tmp_path: Path, rows: list[str] = ROWS, head: str = HEAD, **asked: str) -> Table:
    file = written(tmp_path / "a.csv", rows, head)
    return read_tables(Asked(estimator="SVC", data=file, **{"target": "answer", **asked}), classifies=True)


def test_columns_of_every_kind(tmp_path: Path) -> None:
    table = read(tmp_path, group="patient", time="day")
    assert table.features == ("size", "count", "kind")
    assert (table.words, table.levels) == ((2,), {2: ("a", "b")})
    assert table.classes == ("n", "y")
    assert table.notes == ("who is left out: 80 different words name rows",)
    rows = table.development
    assert rows.inputs[:3].tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 0]]
    assert rows.group is not None
    assert rows.time is not None
    assert len(set(rows.group.tolist())) == 20
    assert np.diff(rows.time[:28]).tolist() == [1.0] * 27


def test_a_test_table_has_the_same_words(tmp_path: Path) -> None:
    later = written(tmp_path / "b.csv", ["7,1,b,x,2026-02-01,p1,y", "8,2,c,x,2026-02-01,p99,maybe"])
    table = read(tmp_path, group="patient", test=later)
    assert table.test is not None
    kind = table.features.index("kind")
    assert table.test.inputs[:, kind].tolist() == [1, -1]
    assert table.test.target.tolist() == [1, -1]
    assert table.development.group is not None
    assert table.test.group is not None
    assert table.test.group[0] in table.development.group
    assert table.test.group[1] not in table.development.group
    assert hash_of("p1") == hash_of("p1") != hash_of("p2")


def test_a_test_table_without_answers(tmp_path: Path) -> None:
    later = written(tmp_path / "b.csv", ["7,1,b"], "size,count,kind")
    table = read(tmp_path, test=later, group="patient", time="day")
    assert table.test is not None
    assert not table.test.labelled


def test_a_word_among_numbers_is_no_mistake_where_nobody_calculates(tmp_path: Path) -> None:
    rows = [*ROWS[:40], "x" + ROWS[40], *ROWS[41:]]
    later = written(tmp_path / "b.csv", ["7,1,b,,p1", "x40,1,b,,p1"], "size,count,kind,day,patient")
    assert read(tmp_path, rows, group="size", test=later).features == ("count", "kind", "day", "patient")
    file = written(tmp_path / "c.csv", rows)
    dropped = Asked(estimator="SVC", data=file, target="answer", drop=("size", "day", "patient"), test=later)
    assert read_tables(dropped, classifies=True).features == ("count", "kind")


@pytest.mark.parametrize(
    ("rows", "asked", "said"),
    [
        ([*ROWS[:40], "x" + ROWS[40], *ROWS[41:]], {}, "line 42, column size: 'x40' is no number"),
        ([*ROWS[:40], "inf" + ROWS[40][2:], *ROWS[41:]], {}, "line 42, column size: inf; expected a finite number"),
        ([ROWS[0][:-1], *ROWS[1:]], {}, "row 1: no answer; expected one in every row"),
        (
            ROWS,
            {"target": "size"},
            "size with 80 different values in 80 rows; expected classes for SVC, or a regressor",
        ),
        (ROWS, {"target": "reply"}, "unknown column 'reply'"),
        (ROWS, {"group": "person"}, "unknown column 'person'"),
        (ROWS, {"time": "who"}, "--time who: 'name0'; expected numbers or dates"),
        (ROWS, {"group": "answer"}, "--group or --time answer; expected another column than the target"),
        ([], {}, "has no rows"),
        ([ROWS[0] + ",1"], {}, "line 2: 8 values; expected 7"),
    ],
)
def test_one_line_each(tmp_path: Path, rows: list[str], asked: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, rows, **asked)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_test_table_without_a_column(tmp_path: Path) -> None:
    later = written(tmp_path / "b.csv", ["7,b"], "size,kind")
    with pytest.raises(UsageError, match=r"b\.csv without count, who|b\.csv without count"):
        read(tmp_path, test=later)
