"""What the lesson on initialisation says: which weights keep numbers and gradients, with which activation."""

import math

import pytest

from palestra.trials.lessons.initialisation import DEPTH, SCHEMES, WIDTH, lesson, statistics


def test_small_weights_shrink_by_the_known_factor_and_large_ones_saturate() -> None:
    rows = {(activation, weights): figures for activation, weights, *figures in lesson(0).rows}
    assert len(rows) == 3 * len(SCHEMES) == 18
    per_layer = 0.01 * math.sqrt(WIDTH)  # tanh is a line where numbers are as small
    assert math.log(rows["tanh", "normal 0.01"][1]) == pytest.approx(DEPTH * math.log(per_layer), rel=0.02)
    assert rows["tanh", "normal 1"][3] > 0.8
    assert 0.1 < rows["tanh", "Xavier"][-1] < 10
    assert 0.5 < rows["relu", "Kaiming"][1] < 1.2
    assert rows["relu", "Xavier"][1] < 0.01 < rows["relu", "Kaiming"][1]
    assert rows["relu", "custom"][1] > 1e30
    assert rows["sigmoid", "normal 0.01"][2] == pytest.approx(0.5, abs=0.01)  # what small numbers come to
    assert rows["relu", "Kaiming"][4] > 0  # deep down some units answer none of the rows


def test_every_other_custom_weight_is_zero_and_the_rest_is_large() -> None:
    layers = statistics("linear", SCHEMES["custom"], 0)
    # of a mean square of (10^3 - 5^3) / (3 * 10), half of the time at all
    assert layers[0].deviation ** 2 == pytest.approx(WIDTH * (1000 - 125) / 30, rel=0.1)
