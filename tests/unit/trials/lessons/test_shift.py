"""The lesson on shift: the right name, the right remedy, and errors as near the truth as theory says."""

import math

import pytest

from palestra.trials.lessons.shift import FREQUENT, REMEDIES, lesson


def normal(x: float) -> float:
    """Phi."""
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_change_has_its_name_and_its_remedy(seed: int) -> None:
    rows = {name: figures for name, *figures in lesson(seed).rows}
    assert {name: figures[0] for name, figures in rows.items()} == {name: name for name in rows}
    errors = {name: dict(zip(REMEDIES, figures[2:], strict=True)) for name, figures in rows.items()}
    right = {"covariate": "input weights", "label": "class weights", "concept": "new labels"}
    for name, each in errors.items():
        weights = {remedy: each[remedy] for remedy in ("input weights", "class weights")}
        assert each["the truth"] <= min(each.values()) + 0.003
        assert each[right[name]] < each["none"] / 2
        assert each[right[name]] < each["the truth"] + 0.03
        wrong = [error for remedy, error in weights.items() if remedy != right[name]]
        assert min(wrong) > 0.9 * each["none"]


def test_errors_of_clouds_are_those_of_theory() -> None:
    rows = {name: figures for name, *figures in lesson(0).rows}
    home, none, *_, truth = rows["label"][1:]
    assert home == pytest.approx(1 - normal(1), abs=0.015)
    assert none == pytest.approx(1 - normal(1), abs=0.015)  # a line midway errs as often on either cloud
    beyond = math.log(FREQUENT / (1 - FREQUENT)) / 2
    assert truth == pytest.approx(FREQUENT * normal(-1 - beyond) + (1 - FREQUENT) * normal(-1 + beyond), abs=0.01)
