"""What to try next is a command that can be typed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from palestra.trials.report.asked import Asked
from palestra.trials.report.diagnose import Finding
from palestra.trials.report.next_steps import command
from palestra.trials.report.report import Report

ASKED = Asked(estimator="DecisionTreeClassifier", data="a.csv", target="y", settings={"max_depth": "2"})
BEGIN = "palestra report --estimator DecisionTreeClassifier --data a.csv --target y"


@pytest.mark.parametrize(
    ("name", "figures", "asked", "expected"),
    [
        ("target-leak", {"column": "the id"}, ASKED, f"{BEGIN} --set max_depth=2 --drop 'the id'"),
        ("duplicates-across-split", {"where": "folds", "kind": "nearly"}, ASKED, f"{BEGIN} --set max_depth=2 --json"),
        ("duplicates-across-split", {"where": "folds", "kind": "exactly"}, ASKED,
         "awk '!seen[$0]++' a.csv > once-a.csv && " + BEGIN.replace("a.csv", "once-a.csv") + " --set max_depth=2"),
        ("duplicates-across-split", {"where": "test", "kind": "exactly"}, replace(ASKED, test="b.csv"),
         "awk 'NR == FNR {seen[$0] = 1; next} FNR == 1 || !seen[$0]' a.csv b.csv > new-b.csv && "
         f"{BEGIN} --test new-b.csv --set max_depth=2"),
        ("class-skew", {}, ASKED, f"{BEGIN} --set max_depth=2 --set class_weight=balanced"),
        ("group-leak", {}, replace(ASKED, test="b.csv", group="g"), f"{BEGIN} --group g --set max_depth=2"),
        ("shift", {"kind": "classes"}, replace(ASKED, test="b.csv"),
         BEGIN.replace("a.csv", "b.csv") + " --set max_depth=2"),
        ("healthy", {}, ASKED, f"{BEGIN} --seed 1 --set max_depth=2"),
        ("not-enough-evidence", {}, ASKED, f"{BEGIN} --folds 10 --set max_depth=2"),
    ],
)  # fmt: skip
def test_commands(digits_report: Report, name: str, figures: dict[str, Any], asked: Asked, expected: str) -> None:
    case = replace(digits_report.case, asked=asked)
    assert command(case, Finding(name, 0.9, figures), digits_report.evidence) == expected


def test_no_more_folds_than_rows_or_groups(digits_report: Report) -> None:
    case, unsure = digits_report.case, Finding("not-enough-evidence", 0.9, {})
    eight = replace(case, asked=ASKED, development=case.development.taken(slice(8)))
    assert "--folds 8 " in command(eight, unsure, digits_report.evidence)
    grouped = replace(eight, development=replace(eight.development, group=np.arange(8) % 6))
    assert "--folds 6 " in command(grouped, unsure, digits_report.evidence)


def test_the_curve_of_depth_says_which_depth(digits_report: Report) -> None:
    (told,) = digits_report.to_json()["next"]
    chosen = digits_report.evidence["complexity_curve"]["one_standard_error"]
    assert chosen > 2
    assert told["command"].endswith(f"--set max_depth={chosen}")


def test_without_a_curve_the_best_of_the_others(sine_report: Report) -> None:
    (told,) = sine_report.to_json()["next"]
    assert sine_report.evidence["complexity_curve"] is None
    best = sine_report.evidence["levels"]["reference"]["name"]
    assert best in ("neighbours", "boosting")
    assert ("KNeighborsRegressor" if best == "neighbours" else "HistGradientBoostingRegressor") in told["command"]
