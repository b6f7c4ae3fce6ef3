"""What to try next, as a command for each finding."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from palestra.trials.report.case import Case
from palestra.trials.report.diagnose import Finding
from palestra.trials.report.references import ASKED


def command(case: Case, finding: Finding, evidence: Mapping[str, Any]) -> str:
    """The command line to try next; of arrays, for which there is none, what would be typed for a table of them."""
    asked, figures = case.asked, finding.figures
    match finding.name:
        case "target-leak":
            return asked.command(drop=(*asked.drop, figures["column"]))
        case "duplicates-across-split":
            return f"{asked.command()} --json" if figures["kind"] == "nearly" else _unique(case, figures["where"])
        case "preprocessing-leak":
            raw = {"data": "RAW.csv", "test": "RAW-TEST.csv" if asked.test else ""}
            return asked.command(estimator=_prepared_inside(case), **raw)
        case "group-leak" | "time-leak":
            return asked.command(test="")
        case "shift":
            if figures["kind"] == "inputs" and asked.data:
                return asked.command(drop=(*asked.drop, figures["column"]))
            return asked.command(data=asked.test or asked.data, test="")
        case "label-noise":
            return f"{asked.command()} --json"
        case "class-skew":
            return _weighed(case)
        case "underfit" | "overfit":
            return _bent(case, evidence)
        case "too-little-data":
            return _by_reference(case, evidence) if evidence["levels"]["excess"][0] > 0 else asked.command()
        case "healthy":
            return asked.command(seed=asked.seed + 1)
        case "not-enough-evidence":
            return asked.command(folds=min(2 * asked.folds, _most_folds(case)))
    return asked.command()


def _most_folds(case: Case) -> int:
    """As many as there are rows, or groups."""
    rows = case.development
    return len(rows) if rows.group is None else len(np.unique(rows.group))


def _unique(case: Case, where: str) -> str:
    """Leave one of each row: in the table, or in the test what is not in the table."""
    asked = case.asked
    data, test = (Path(name or "DATA.csv") for name in (asked.data, asked.test))
    if where == "test" and asked.test:
        new = test.with_name(f"new-{test.name}")
        awk = "NR == FNR {seen[$0] = 1; next} FNR == 1 || !seen[$0]"
        return f"awk {shlex.quote(awk)} {shlex.quote(str(data))} {shlex.quote(str(test))} > {shlex.quote(str(new))}" \
               f" && {asked.command(test=str(new))}"  # fmt: skip
    once = data.with_name(f"once-{data.name}")
    return f"awk '!seen[$0]++' {shlex.quote(str(data))} > {shlex.quote(str(once))} && {asked.command(data=str(once))}"


def _prepared_inside(case: Case) -> str:
    """The estimator behind a scaler that is fitted inside of each fold."""
    named = case.asked.estimator
    return named if named.lstrip().startswith("[") or "/" in named or not named else f'["table", "{named}"]'


def _weighed(case: Case) -> str:
    """Weigh the rare class, where the estimator can; else count what a mistake costs."""
    asked = case.asked
    own = [
        name.removeprefix(case.prefix) for name in case.prototype.get_params() if name.split("__")[-1] == "class_weight"
    ]
    if own and not asked.run:
        return asked.command(settings={**asked.settings, own[0]: "balanced"})
    return asked.command(cost="missed=10,false_alarm=1")


def _bent(case: Case, evidence: Mapping[str, Any]) -> str:
    """The setting that its own curve chooses, where that is surely better; else the best of the references."""
    curve, asked = evidence["complexity_curve"], case.asked
    if curve is not None and curve["gain"][1] > 0 and not asked.run and curve["one_standard_error"] is not None:
        enough = curve["gain"][0] >= 0.5 * evidence["levels"]["excess"][0]
        if enough:
            return asked.command(settings={**asked.settings, curve["setting"]: curve["one_standard_error"]})
    return _by_reference(case, evidence)


def _by_reference(case: Case, evidence: Mapping[str, Any]) -> str:
    others = {name: loss[0] for name, loss in evidence["levels"]["others"].items() if name in ASKED}
    best = min(others, key=lambda name: others[name])
    named = ASKED[best][0 if case.classifies else 1]
    data = case.asked.data or (case.data if case.asked.run else "")
    return case.asked.command(run="", estimator=named, settings={}, data=data)
