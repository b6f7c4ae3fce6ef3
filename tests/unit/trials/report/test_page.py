"""The page: well formed, whole in itself, in both languages, with every figure of the report."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from palestra.trials.report.page import page
from palestra.trials.report.report import Report

EMPTY = {"meta", "br", "img", "rect", "line", "circle", "polygon", "polyline"}


class Balance(HTMLParser):
    """Which elements are open, and what is asked for from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in EMPTY:
            self.open.append(tag)
        self.fetched += [
            value for name, value in attrs if name in ("src", "href") and not (value or "").startswith("data:")
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["digits", "sine"])
def test_a_page_fetches_nothing(kind: str, language: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(f"{kind}_report")
    text = page(report, language)
    balance = Balance()
    balance.feed(text)
    assert balance.open == []
    assert balance.fetched == []
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|@import|url\(", text)
    assert 'id="underfit"' in text
    assert text.count("<svg") >= 2
    assert "nan" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower().split()


def test_pictures_are_in_the_page(digits_report: Report, tmp_path: Path) -> None:
    case = digits_report.case
    pictures = replace(case, picture=(8, 8))
    report = replace(digits_report, case=pictures)
    path = report.save(tmp_path / "one.html")
    assert path.read_text(encoding="utf-8").count("data:image/png;base64,iVBOR") == 30


def test_what_a_user_wrote_is_no_markup(sine_report: Report) -> None:
    report = replace(sine_report, case=replace(sine_report.case, called="<script>alert(1)</script>"))
    assert "<script" not in page(report, "en")
