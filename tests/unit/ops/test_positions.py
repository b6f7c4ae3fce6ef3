"""Sinusoidal positions: the formula, and the property for which it was chosen."""

import math

import pytest
import torch

from palestra.ops.positions import sinusoids


def test_the_formula() -> None:
    found = sinusoids(50, 8)
    assert found.shape == (50, 8)
    assert found[0].tolist() == [0.0, 1.0] * 4
    for t, i in ((1, 0), (7, 1), (49, 3)):
        angle = t / 10_000 ** (2 * i / 8)
        assert float(found[t, 2 * i]) == pytest.approx(math.sin(angle), abs=1e-6)
        assert float(found[t, 2 * i + 1]) == pytest.approx(math.cos(angle), abs=1e-6)


def test_a_shift_is_one_rotation_at_every_place() -> None:
    found, shift = sinusoids(40, 16).double(), 3
    before, after = found[:-shift], found[shift:]
    rotation = torch.linalg.lstsq(before, after).solution
    torch.testing.assert_close(before @ rotation, after, rtol=0, atol=1e-5)
    # So how alike two places are is a matter of how far apart they are.
    alike = found @ found.T
    torch.testing.assert_close(alike.diagonal(shift), alike[0, shift].expand(40 - shift), rtol=0, atol=1e-5)


def test_an_odd_width_is_refused() -> None:
    for width in (0, 7):
        with pytest.raises(ValueError, match="expected an even number"):
            sinusoids(4, width)
