"""The comparison of optimizers: closed forms where there are any, the best rate, and one network for all of them."""

import math

import pytest
import torch

from palestra.ops.landscapes import turned
from palestra.ops.optimizers import SGD
from palestra.trials.lessons.optimizers import PLANE, RATES, RULES, START, STEPS, best, digits_loss, on_quadratic


def test_straight_down_a_bowl_ends_where_it_has_to() -> None:
    found = on_quadratic(PLANE["bowl"])["SGD"]
    shrunk = {rate: (1 - 0.7 * rate) ** (2 * STEPS) for rate in RATES if rate < 2 / 0.7}
    assert found.rate == min(shrunk, key=shrunk.__getitem__) == 1.0
    begin = 0.5 * 0.7 * (START[0] ** 2 + START[1] ** 2)
    assert found.value == pytest.approx(begin * shrunk[1.0], rel=1e-6)


def test_a_rate_that_leads_above_the_beginning_is_not_the_best() -> None:
    steep = on_quadratic(turned(100.0, 1_000.0, 10.0))
    assert steep["SGD"].rate < 2 / 1_000
    for way in on_quadratic(PLANE["valley"]).values():
        heights = PLANE["valley"].value(way.points)
        assert bool((heights <= heights[0]).all())


def test_what_is_no_number_counts_as_infinitely_high() -> None:
    def walk(rule: SGD) -> torch.Tensor:
        return torch.tensor([rule.learning_rate])

    found = best(SGD, walk, lambda points: math.nan if float(points) > 0.2 else -float(points))  # type: ignore[arg-type]
    assert found.rate == pytest.approx(0.1)


def test_every_rule_descends_the_same_network() -> None:
    walk, height = digits_loss(0)
    ways = [walk(rule(0.01)) for rule in RULES.values()]
    assert all(torch.equal(way[0], ways[0][0]) for way in ways)
    assert 2 < height(ways[0][:1]) < 4  # about ln 10, and a little more by the weights that were drawn
    assert max(height(way) for way in ways) < height(ways[0][:1]) / 1.2
