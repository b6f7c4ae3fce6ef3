"""The lesson on skew: its figures are scikit-learn's, the cheapest threshold is theory's, and accuracy deceives."""

import math

import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from palestra.ops.anomalies import sweep
from palestra.trials.lessons.skew import (
    ALARM,
    CHEAPEST,
    DISTANCE,
    MISSED,
    SHARE,
    costs,
    drawn,
    figures,
    lesson,
    true_share,
)

RULES = ("nobody", "p > 1/2", "largest F1", "least cost", "theory", "weighed", "the truth")


def above(x: float) -> float:
    """1 - Phi."""
    return 0.5 * math.erfc(x / math.sqrt(2))


def expected_cost(threshold: float) -> float:
    """Of 1,000 rows, where there is an alarm beyond the place at which the truth is that likely."""
    place = (math.log(threshold / (1 - threshold)) - math.log(SHARE / (1 - SHARE))) / DISTANCE
    missed, alarms = 1 - above(place - DISTANCE / 2), above(place + DISTANCE / 2)
    return 1_000 * (SHARE * MISSED * missed + (1 - SHARE) * ALARM * alarms)


def test_figures_are_scikit_learns() -> None:
    rng = torch.Generator().manual_seed(0)
    share, ill = torch.rand(500, generator=rng), (torch.rand(500, generator=rng) < 0.1).long()
    for threshold in (0.2, 0.9):
        said = share > threshold
        found, truth = figures(share, ill, threshold), ill.numpy()
        theirs = [each(truth, said.numpy()) for each in (accuracy_score, precision_score, recall_score, f1_score)]
        assert found[1:5] == pytest.approx(theirs)
        missed, alarms = int(((ill == 1) & ~said).sum()), int(((ill == 0) & said).sum())
        assert found.cost == pytest.approx((MISSED * missed + ALARM * alarms) * 2)
    assert figures(share, ill, 1.0)[2:5] == (0, 0, 0)


def test_costs_of_a_sweep_are_those_of_its_thresholds() -> None:
    points, ill = drawn(2_000, torch.Generator().manual_seed(1))
    tried = sweep(-true_share(points), ill == 1)
    for at in (0, 70, 900):
        by_itself = figures(true_share(points), ill, float(-tried.threshold_L[at]))
        assert float(costs(tried)[at]) == pytest.approx(by_itself.cost * 2)


def test_no_threshold_costs_less_than_theorys() -> None:
    assert pytest.approx(1 / 21) == CHEAPEST
    least = expected_cost(CHEAPEST)
    assert all(expected_cost(each) > least for each in (0.5, 0.1, 0.06, 0.04, 0.02))
    points, ill = drawn(400_000, torch.Generator().manual_seed(2))
    share = true_share(points)
    near = (share - 0.05).abs() < 0.01
    assert float(ill[near].double().mean()) == pytest.approx(0.05, abs=0.01)  # it is a share indeed
    assert figures(share, ill, CHEAPEST).cost == pytest.approx(least, rel=0.03)


@pytest.mark.parametrize("seed", [0, 1])
def test_accuracy_likes_best_what_costs_most(seed: int) -> None:
    done = lesson(seed)
    rows = {str(name): dict(zip(done.columns[1:], figures, strict=True)) for name, *figures in done.rows}
    assert tuple(rows) == RULES
    accuracy, cost = ({name: float(row[of]) for name, row in rows.items()} for of in ("accuracy", "cost of 1,000"))
    assert min(accuracy["nobody"], accuracy["p > 1/2"]) > accuracy["least cost"] + 0.02
    assert cost["nobody"] > cost["p > 1/2"] > cost["largest F1"] > cost["least cost"]
    assert cost["nobody"] == pytest.approx(1_000 * SHARE * MISSED, rel=0.1)
    assert cost["the truth"] == pytest.approx(expected_cost(CHEAPEST), rel=0.06)
    for rule in ("least cost", "theory", "weighed"):
        assert cost[rule] < 1.15 * cost["the truth"]
