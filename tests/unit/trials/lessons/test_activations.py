"""What the lesson on activations says of them is so."""

import pytest

from palestra.trials.lessons.activations import lesson


def test_largest_derivatives() -> None:
    rows = {name: figures for name, *figures in lesson(0).rows}
    assert rows["sigmoid"][0] == pytest.approx(0.25)
    assert rows["sigmoid"][-1] == pytest.approx(0.25**10)
    assert (rows["ReLU"][0], rows["ReLU"][1], rows["ReLU"][2]) == (1, 0, 1)
    assert rows["tanh"][0] == pytest.approx(1)
    assert rows["GELU"][0] == pytest.approx(1.129, abs=1e-3)  # at sqrt(2): Phi + sqrt(2) phi
