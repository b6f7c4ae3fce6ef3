"""Rules by themselves: one healthy set of figures, and what each change of it is called."""

from copy import deepcopy
from typing import Any

import pytest

from palestra.trials.report.diagnose import NAMES, diagnose, sure


def band(mean: float, half: float = 0.02) -> list[float]:
    return [mean, mean - half, mean + half]


HEALTHY: dict[str, Any] = {
    "classes": 2,
    "levels": {
        "train": band(0.05), "cross_validation": band(0.06), "constant": band(0.5),
        "reference": {"name": "linear", "loss": band(0.06)}, "excess": band(0.0, 0.01),
        "avoidable_bias": band(-0.01), "variance": band(0.01, 0.005), "over_constant": band(0.44),
    },
    "learning_curve": {
        "rows": [50, 100, 200, 400], "last_doubling": band(0.002), "last_two": band(0.005), "ten_times": 0.055,
        "power_law": {},
    },
    "complexity_curve": None,
    "skew": {
        "class": "yes", "share": 0.45, "accuracy": 0.94, "recall": [0.93, 0.9, 0.95], "largest_share": 0.55,
        "best_f1": {}, "recalls": [{"class": "yes", "share": 0.45, "recall": [0.93, 0.9, 0.95]}],
    },
    "leaks": {
        "disguise": {
            "column": "x", "alone": band(0.3), "others": band(0.06), "gain": band(-0.24), "rank_correlation": 0.4,
            "is_word": False,
        },
        "copies": {"where": "folds", "rows": 0, "share": 0.0, "nearly": 0, "examples": []},
        "prepared": {"looked_at": 4, "traces": []},
        "groups": None,
        "times": None,
    },
    "labels": {
        "rate": [0.01, 0.0, 0.02], "depth_of_errors": 0.5, "errors_overall": 0.06, "errors": 2, "classes": 1,
        "suspects": [],
    },
    "shift": None,
}  # fmt: skip
SHIFT: dict[str, Any] = {
    "rows": 100, "domain_auc": [0.52, 0.46, 0.58], "most_different": "x", "test": band(0.06), "fall": band(0.0, 0.04),
    "within_test": band(0.06), "label_change": {"moved": 0.02, "by_chance": 0.03, "new_classes": 0}, "kind": "none",
}  # fmt: skip


def told(**changes: Any) -> list[str]:
    """Names, after some figures were changed: ``levels__excess=...``."""
    evidence = deepcopy(HEALTHY)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = evidence
        for step in way:
            place = place[step]
        place[last] = value
    return [finding.name for finding in diagnose(evidence)]


UNDER = {"levels__train": band(0.4), "levels__cross_validation": band(0.41), "levels__excess": band(0.35),
         "levels__avoidable_bias": band(0.34)}  # fmt: skip
OVER = {"levels__train": band(0.0), "levels__cross_validation": band(0.2), "levels__excess": band(0.14),
        "levels__avoidable_bias": band(-0.06), "levels__variance": band(0.2)}  # fmt: skip
MORE = {"levels__variance": band(0.15), "levels__cross_validation": band(0.15), "levels__excess": band(0.0),
        "learning_curve__last_doubling": band(0.05), "learning_curve__last_two": band(0.1),
        "learning_curve__ten_times": 0.05}  # fmt: skip
ONE_DOUBLING = {
    "learning_curve__rows": [10, 20], "learning_curve__ten_times": None,
    "learning_curve__last_doubling": band(0.1, 0.02), "learning_curve__last_two": band(0.1, 0.02),
}  # fmt: skip
NOISE = {"levels__cross_validation": band(0.4), "levels__train": band(0.38), "levels__variance": band(0.02),
         "levels__reference__loss": band(0.4), "levels__over_constant": band(0.1)}  # fmt: skip
RARE = {"class": "no", "share": 0.05, "recall": [0.1, 0.03, 0.2]}
FOUND = {"class": "perhaps", "share": 0.04, "recall": [0.95, 0.9, 0.99]}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["healthy"]),
        (UNDER, ["underfit"]),
        (OVER, ["overfit"]),
        (MORE, ["too-little-data"]),
        ({**MORE, **ONE_DOUBLING}, ["too-little-data"]),
        ({**MORE, **ONE_DOUBLING, "learning_curve__last_doubling": band(0.1, 0.08),
          "learning_curve__last_two": band(0.1, 0.08)}, ["healthy"]),
        (NOISE, ["noise-floor"]),
        ({**OVER, "levels__excess": band(0.14, 0.3)}, ["not-enough-evidence"]),
        ({"levels__excess": band(0.0, 0.15)}, ["not-enough-evidence"]),
        ({"levels__cross_validation": band(0.5), "levels__over_constant": band(0.0), "levels__train": band(0.0),
          "levels__variance": band(0.5)}, ["overfit"]),
        ({"leaks__disguise__alone": band(0.0), "leaks__disguise__others": band(0.2),
          "leaks__disguise__gain": band(0.2)},
         ["target-leak"]),
        ({"leaks__disguise__alone": band(0.0), "leaks__disguise__others": band(0.01)}, ["healthy"]),
        ({"leaks__copies__rows": 30, "leaks__copies__share": 0.1, **OVER}, ["duplicates-across-split"]),
        ({"leaks__copies__rows": 1, "leaks__copies__share": 0.002}, ["healthy"]),
        ({"leaks__prepared__traces": [{"kind": "standardised", "where": "all rows", "columns": ["x", "z"]}]},
         ["preprocessing-leak"]),
        ({"leaks__groups": {"apart": band(0.3), "at_random": band(0.06), "flattered_by": band(0.24),
                            "test_rows_of_known_groups": 0.0}}, ["group-leak"]),
        ({"leaks__times": {"from_before": band(0.3), "at_random": band(0.06), "flattered_by": band(0.24),
                           "test_rows_before_the_last_training_row": 0.0}}, ["time-leak"]),
        ({"leaks__groups": {"apart": band(0.07), "at_random": band(0.06), "flattered_by": band(0.01),
                            "test_rows_of_known_groups": 0.0}}, ["healthy"]),
        ({"shift": SHIFT}, ["healthy"]),
        ({"shift": {**SHIFT, "domain_auc": [0.9, 0.85, 0.95]}}, ["shift"]),
        ({"shift": {**SHIFT, "label_change": {"moved": 0.3, "by_chance": 0.03, "new_classes": 0}}}, ["shift"]),
        ({"shift": {**SHIFT, "test": band(0.9), "fall": band(0.84)}}, ["shift"]),
        ({"shift": {**SHIFT, "test": band(0.5), "fall": band(0.44), "within_test": band(0.5, 0.1)}},
         ["preprocessing-leak"]),
        ({"labels": {"rate": [0.1, 0.07, 0.13], "depth_of_errors": 0.5, "errors_overall": 0.12, "errors": 20,
                     "classes": 2, "suspects": [1]}}, ["label-noise"]),
        ({"labels": {"rate": [0.1, 0.07, 0.13], "depth_of_errors": 0.63, "errors_overall": 0.12, "errors": 20,
                     "classes": 2, "suspects": [1]}}, ["label-noise"]),
        ({"labels": {"rate": [0.1, 0.07, 0.13], "depth_of_errors": 0.63, "errors_overall": 0.12, "errors": 400,
                     "classes": 2, "suspects": [1]}}, ["healthy"]),
        ({"labels": {"rate": [0.1, 0.07, 0.13], "depth_of_errors": 0.7, "errors_overall": 0.15, "errors": 20,
                     "classes": 2, "suspects": [1]}}, ["healthy"]),
        ({"skew__largest_share": 0.95, "skew__recalls": [RARE], "levels__over_constant": band(0.0)}, ["class-skew"]),
        ({"skew__largest_share": 0.95, "skew__recalls": [{**RARE, "recall": [0.9, 0.8, 0.95]}]}, ["healthy"]),
        ({"skew__largest_share": 0.9, "skew__recalls": [{**RARE, "share": 0.06}, FOUND]}, ["class-skew"]),
        ({"skew__largest_share": 0.7, "skew__recalls": [{**RARE, "share": 0.3}]}, ["healthy"]),
    ],
)  # fmt: skip
def test_names(changes: dict[str, Any], names: list[str]) -> None:
    assert told(**changes) == names


def test_the_closed_list() -> None:
    assert sorted(NAMES) == sorted(
        [
            "underfit",
            "overfit",
            "too-little-data",
            "noise-floor",
            "duplicates-across-split",
            "target-leak",
            "preprocessing-leak",
            "group-leak",
            "time-leak",
            "shift",
            "label-noise",
            "class-skew",
            "healthy",
            "not-enough-evidence",
        ]
    )


def test_outliers_of_numbers() -> None:
    labels = {**HEALTHY["labels"], "rate": [0.06, 0.04, 0.08]}
    assert told(classes=0, labels=labels, skew=None) == ["label-noise"]


def test_how_sure() -> None:
    assert sure(band(0.0, 0.1)) == pytest.approx(0.5)
    assert sure([0.1, 0.0, 0.2]) == pytest.approx(0.975, abs=1e-3)
    assert sure([0.1, 0.1, 0.1]) == 0.99
    assert sure([0.1, 0.1, 0.1], 0.2) == 0.01
    evidence = deepcopy(HEALTHY)
    evidence["levels"].update({path.split("__")[1]: value for path, value in UNDER.items()})
    (finding,) = diagnose(evidence)
    assert 0.9 < finding.confidence <= 0.99
