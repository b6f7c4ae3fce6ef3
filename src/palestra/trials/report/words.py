"""What a report says, in English or in Chinese.

The sentences stand in ``words/``, the figures come from the findings.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from palestra.errors import unknown_name
from palestra.pictures.numbers import number
from palestra.trials.report.case import Case
from palestra.trials.report.diagnose import Finding
from palestra.trials.report.levels import shown

LANGUAGES = ("en", "zh")
_LOSSES = {
    "train", "held", "reference", "alone", "others", "honest", "at_random", "test", "within", "later",
}  # fmt: skip
_SHARES = {"share", "rate", "accuracy", "recall", "largest_share", "moved", "shared"}


@cache
def words(language: str) -> dict[str, Any]:
    """All that is said in a language. UsageError for one that is not spoken."""
    if language not in LANGUAGES:
        raise unknown_name("language", language, LANGUAGES)
    text = files("palestra.trials.report").joinpath("words", f"{language}.json").read_text(encoding="utf-8")
    spoken: dict[str, Any] = json.loads(text)
    return spoken


def sentence(case: Case, finding: Finding, language: str) -> str:
    """What a finding says, with its figures."""
    says = words(language)["says"]
    kind = finding.figures.get("trace") or finding.figures.get("kind")
    template: str = says[f"{finding.name}/{kind}" if f"{finding.name}/{kind}" in says else finding.name]
    return template.format(**{name: figure(case, name, value, language) for name, value in finding.figures.items()})


def figure(case: Case, name: str, value: Any, language: str) -> str:
    """One figure of a finding, by what it is of."""
    if value is None:
        return "-"
    if name in _LOSSES:
        return amount(case, value[0] if isinstance(value, list) else value)
    if name in _SHARES:
        return f"{100 * (value[0] if isinstance(value, list) else value):.1f}%"
    if name == "where":
        return str(words(language)["places"].get(value, value))
    if name == "name":
        return str(words(language)["references"].get(value, value))
    if name == "columns":
        shown_names = ", ".join(value[:4])
        return shown_names if len(value) <= 4 else f"{shown_names}, +{len(value) - 4}"
    if name == "auc":
        return f"{value[0]:.2f}"
    return f"{value:,}" if isinstance(value, int) else number(value) if isinstance(value, float) else str(value)


def amount(case: Case, loss: float) -> str:
    """A loss as it is read: a share of rows, or a root mean squared error."""
    return f"{100 * loss:.1f}%" if case.classifies else f"RMSE {number(shown(case, loss), 3)}"
