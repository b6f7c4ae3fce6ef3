"""Separated values: what becomes a number, what a word, and which line is wrong."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import outcome

from palestra.datasets.tables.frame import Words
from palestra.datasets.tables.separated import MISSING, read_separated
from palestra.errors import UsageError

TEXT = 'id,size,kind,note\n1,2.5,b,"a, b"\n2,NA,a,"say ""yes"""\n\n3,-1e3,NA,\n'


def words(column: object) -> list[str | None]:
    assert isinstance(column, Words)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


def test_a_table() -> None:
    frame = read_separated(TEXT.encode(), "a.csv")
    assert [*frame.columns] == ["id", "size", "kind", "note"]
    assert frame.numbers("id").tolist() == [1.0, 2.0, 3.0]
    assert np.array_equal(frame.numbers("size"), [2.5, np.nan, -1000.0], equal_nan=True)
    assert words(frame.column("kind")) == ["b", "a", None]
    assert words(frame.column("note")) == ["a, b", 'say "yes"', None]


def test_words_that_look_like_numbers_a_separator_and_a_header() -> None:
    frame = read_separated(b"20\t1\n60\t2\n", "a.tsv", separator="\t", header=("kind", "size"), words=("kind",))
    assert words(frame.column("kind")) == ["20", "60"]
    assert frame.numbers("size").tolist() == [1.0, 2.0]


def test_a_mark_of_the_byte_order_and_the_other_ends_of_lines() -> None:
    assert [*read_separated(b"\xef\xbb\xbfa,b\r\n1,2\r\n", "a.csv").columns] == ["a", "b"]


RATHER = "price\n" + "\n".join(map(str, range(20)))


@pytest.mark.parametrize(("text", "why"), [
    ("", "a.csv is empty"),
    ("a,b\n", "a.csv has no rows"),
    ("a,b\n1,2\n3\n", "a.csv, line 3: 1 values; expected 2, one a column"),
    ("a,b\n1,2\n\n1,2,3\n", "a.csv, line 4: 3 values; expected 2"),
    ("a,a\n1,2\n", "a.csv: column 2 is called 'a'; expected a name of its own for each"),
    ("a,\n1,2\n", "a.csv: column 2 is called ''"),
    (f"{RATHER}\n12O\n3\n", r"a\.csv, line 22, column price: '12O' is no number, as 21 of 22 values are; correct it"),
    ("a\n1\ninf\n", "a.csv, line 3, column a: inf; expected a finite number"),
    ('a,b\n1,"2\n3,4\n', r"a\.csv, line 3: unexpected end of data"),
])  # fmt: skip
def test_the_line_that_is_wrong(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_separated(text.encode(), "a.csv")


def test_another_encoding() -> None:
    with pytest.raises(UsageError, match=r"a\.csv, line 3: byte 0xe9; expected text in UTF-8"):
        read_separated("a\nb\ncafé\n".encode("latin-1"), "a.csv")


def test_a_column_of_words_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"a\.csv has no column 'c'; it has a, b"):
        read_separated(b"a,b\n1,2\n", "a.csv", words=("c",))


def test_a_column_of_words_with_some_numbers_is_one_of_words() -> None:
    assert words(read_separated(b"a\n1\nx\ny\n2\n", "a.csv").column("a")) == ["1", "x", "y", "2"]
    assert words(read_separated(b"a\n1_000\n2_000\n", "a.csv").column("a")) == ["1_000", "2_000"]


def test_a_column_apart_may_have_words_among_its_numbers() -> None:
    text = f"{RATHER}\n12O\n".encode()
    assert len(words(read_separated(text, "a.csv", apart=("price", "not there")).column("price"))) == 21
    assert read_separated(f"{RATHER}\n".encode(), "a.csv", apart=("price",)).numbers("price").tolist() == [*range(20)]


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1).filter(
    lambda text: text not in MISSING
)


@given(st.lists(st.tuples(CELL, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=20))
def test_what_the_standard_library_writes_comes_back(rows: list[tuple[str, float]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("word", "number"), *rows])
    frame = read_separated(out.getvalue().encode(), "a.csv", words=("word",))
    assert words(frame.column("word")) == [word for word, _ in rows]
    assert frame.numbers("number").tolist() == [value for _, value in rows]


@given(st.binary(max_size=80), st.integers(0, len(TEXT)))
def test_any_bytes_in_it_are_a_table_or_an_error(data: bytes, place: int) -> None:
    whole = TEXT.encode()[:place] + data + TEXT.encode()[place:]
    frame, error = outcome(lambda: read_separated(whole, "a.csv"))
    assert error.startswith("a.csv") if frame is None else len(frame) >= 1


def test_an_encoding_that_chinese_tables_come_in_is_named() -> None:
    for text, encoding, said in (
        (
            "城市,价格\n北京,3\n",
            "gbk",
            r"a\.csv, line 1: byte 0xb3; .*it reads as GBK: iconv -f GB18030 -t UTF-8 a\.csv",
        ),
        ("a,b\n1,2\n", "utf-16", r"it begins as UTF-16 does: iconv -f UTF-16"),
    ):
        with pytest.raises(UsageError, match=said):
            read_separated(text.encode(encoding), "a.csv")
    assert read_separated("\ufeffa,b\n1,2\n".encode(), "a.csv").numbers("a").tolist() == [1]
