"""Every name has its words in both languages, and every sentence finds its figures."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.trials.report.diagnose import NAMES, Finding
from palestra.trials.report.report import Report
from palestra.trials.report.words import LANGUAGES, amount, sentence, words


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every text, by its place, with the figures that it asks for."""
    if isinstance(value, str):
        yield path, set(re.findall(r"{(\w+)}", value))
    else:
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}")


def test_both_languages_say_the_same() -> None:
    one, other = (dict(leaves(words(language))) for language in LANGUAGES)
    assert one == other
    assert set(words("en")["names"]) == set(NAMES)
    assert {each.split("/")[0] for each in words("en")["says"]} == set(NAMES)


def test_a_sentence_has_its_figures(digits_report: Report, sine_report: Report) -> None:
    (finding,) = digits_report.findings
    said = sentence(digits_report.case, finding, "en")
    held = digits_report.evidence["levels"]["cross_validation"][0]
    assert f"cross-validation {100 * held:.1f}%" in said
    assert "训练" in sentence(digits_report.case, finding, "zh")
    assert "RMSE" in sentence(sine_report.case, sine_report.findings[0], "en")


def test_variants(sine_report: Report) -> None:
    finding = Finding("preprocessing-leak", 0.9, {"trace": "filled", "where": "all rows", "columns": list("abcdef")})
    said = sentence(sine_report.case, finding, "en")
    assert said.startswith("a, b, c, d, +2: one value")
    assert amount(sine_report.case, sine_report.case.scale**-1) == "RMSE 1"
    found = Finding("label-noise", 0.8, {"rate": [0.061, 0.05, 0.07], "suspects": 9, "kind": "numbers"})
    assert sentence(sine_report.case, found, "en").startswith("About 6.1% of the numbers are wrong")


def test_another_language() -> None:
    with pytest.raises(UsageError, match="unknown language 'fr'"):
        words("fr")
