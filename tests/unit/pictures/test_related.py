"""A picture of what is near what: every name is in it."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from palestra.pictures.related import Related, draw_related, shortened


def test_each_name_stands_in_its_column(figures: list[Figure], tmp_path: Path) -> None:
    rows = [["Toy Story (1995)", "Aladdin (1992)"], ["Fargo (1996)", "a $ and a %"]]
    path = draw_related(tmp_path / "related.png", Related("alike", "by factors", rows))
    assert path.is_file()
    (figure,) = figures
    texts = {text.get_text(): text.get_position() for text in figure.texts}
    assert {"alike", "by factors", *rows[0], *rows[1]} == set(texts)
    assert texts["Toy Story (1995)"][0] == texts["Fargo (1996)"][0] < texts["Aladdin (1992)"][0]
    assert texts["Toy Story (1995)"][1] > texts["Fargo (1996)"][1]


@pytest.mark.parametrize(("name", "shown"), [("x" * 50, "x" * 37 + "…"), ("Été", "Été"), ("東", "·")])
def test_names_fit_their_column(name: str, shown: str) -> None:
    assert shortened(name) == shown
