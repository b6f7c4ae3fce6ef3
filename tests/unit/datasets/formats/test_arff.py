"""ARFF: names and kinds from its head, rows with two kinds of quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import outcome

from palestra.datasets.formats.arff import read_arff
from palestra.datasets.tables.frame import Words
from palestra.errors import UsageError

TEXT = r"""% a comment
@relation 'd'

@attribute 'age' numeric
@attribute "home town" string
@ATTRIBUTE sex {female, male}
@data
29, "Paris, \"near\" Lyon",female
?,'l\'Isle',?
% another
0.5,Nice,male
"""


def test_a_table() -> None:
    frame = read_arff(TEXT.encode(), "d.arff")
    assert [*frame.columns] == ["age", "home town", "sex"]
    assert frame.numbers("age").tolist()[::2] == [29.0, 0.5]
    town, sex = frame.column("home town"), frame.column("sex")
    assert isinstance(town, Words)
    assert isinstance(sex, Words)
    assert [town.levels[code] for code in town.codes] == ['Paris, "near" Lyon', "l'Isle", "Nice"]
    assert sex.codes.tolist() == [0, -1, 1]


@pytest.mark.parametrize(("text", "why"), [
    ("@relation a\n@attribute x numeric\n", "d.arff has no @data"),
    ("@relation a\nattribute x numeric\n@data\n1", "d.arff, line 2: 'attribute x numeric'; expected @attribute"),
    ("@attribute x numeric\n@data\n1,2", "line 1: 2 values; expected 1"),
    ("@attribute x numeric\n@data\n", "has no rows"),
    ("@attribute x string\n@data\n'a", "\"'a\"; expected values between commas"),
])  # fmt: skip
def test_what_is_none(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_arff(text.encode(), "d.arff")


@given(st.text(max_size=60), st.integers(0, len(TEXT)))
def test_any_text_in_it_is_a_table_or_an_error(text: str, place: int) -> None:
    data = (TEXT[:place] + text + TEXT[place:]).encode("utf-8", "replace")
    frame, error = outcome(lambda: read_arff(data, "d.arff"))
    assert error.startswith("d.arff") if frame is None else len(frame) >= 1


def test_another_encoding() -> None:
    with pytest.raises(UsageError, match="expected text in UTF-8"):
        read_arff(b"@data\n\xff", "d.arff")
