"""A power law: found again where there is one, and not believed where there is none."""

import numpy as np
import pytest

from palestra.ops.power_law import power_law

SIZES = np.array([50.0, 100.0, 200.0, 400.0, 800.0])


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.05, 2.0, 0.5), (0.0, 3.0, 1.0), (0.2, 1.0, 0.3)])
def test_a_power_law_is_found_again(floor: float, scale: float, exponent: float) -> None:
    errors = floor + scale * SIZES**-exponent
    law = power_law(SIZES, errors, np.full(5, 0.01))
    assert law.fits
    assert law(8_000) == pytest.approx(floor + scale * 8_000**-exponent, abs=0.01)
    assert law(400) == pytest.approx(errors[3], abs=1e-3)


@pytest.mark.parametrize(
    "errors",
    [
        [0.3, 0.3, 0.3, 0.3, 0.3],  # flat
        [0.1, 0.2, 0.3, 0.4, 0.5],  # rising
        [0.5, 0.5, 0.1, 0.1, 0.5],  # anything
    ],
)
def test_what_is_none_does_not_fit(errors: list[float]) -> None:
    assert not power_law(SIZES, errors, np.full(5, 0.01)).fits


def test_neither_part_is_negative() -> None:
    law = power_law(SIZES, 0.5 - 0.0004 * SIZES, np.full(5, 0.01))
    assert law.floor >= 0
    assert law.scale >= 0


def test_too_few_sizes() -> None:
    with pytest.raises(ValueError, match="2 sizes; expected three"):
        power_law([1, 2, 2], [1, 2, 3], [1, 1, 1])
    assert not power_law([1, 2, 4], [0.4, 0.2, 0.1], [0.1] * 3).fits
